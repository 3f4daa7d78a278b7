package dev.skerry.server.gateway;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.GuestPorts;
import java.io.IOException;

/** A connection to a program inside. One thread reads, one writes; anybody may close it, which ends both. */
final class Upstream implements AutoCloseable {
    private static final int BUFFER_BYTES = 16 << 10;

    private final Duplex connection;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int at;
    private int end;
    private boolean heard;

    Upstream(GuestPorts.Connection connection) {
        this(Duplex.of(connection));
    }

    Upstream(Duplex connection) {
        this.connection = connection;
    }

    /** Before another request: nothing of its answer has come yet. */
    void begin() {
        heard = false;
    }

    /** Whether it cannot carry another request: the program has ended it, or said something unasked. */
    boolean stale() {
        return connection.ended() || hasBuffered();
    }

    /** Whether something can be read without waiting. */
    boolean hasBuffered() {
        try {
            return at < end || connection.input().available() > 0;
        } catch (IOException e) {
            // The failure is what can be read.
            return true;
        }
    }

    void write(byte[] bytes, int offset, int length) throws IOException {
        connection.output().write(bytes, offset, length);
    }

    /** Says that nothing more is written. */
    void endOutput() throws IOException {
        connection.output().close();
    }

    /** Up to {@code length} bytes; -1 at the end. */
    int read(byte[] into, int offset, int length) throws IOException {
        if (at < end) {
            int count = Math.min(length, end - at);
            System.arraycopy(buffer, at, into, offset, count);
            at += count;
            return count;
        }
        return receive(into, offset, length);
    }

    private int receive(byte[] into, int offset, int length) throws IOException {
        try {
            int count = connection.input().read(into, offset, length);
            heard |= count > 0;
            return count;
        } catch (Failure e) {
            if (e.code() == ErrorCode.SANDBOX_GONE) {
                throw e;
            }
            throw heard ? BadAnswer.broken("it broke the connection") : BadAnswer.none();
        }
    }

    /** -1 at the end. */
    int read() throws IOException {
        if (at == end) {
            end = Math.max(0, receive(buffer, 0, buffer.length));
            at = 0;
        }
        return at == end ? -1 : Byte.toUnsignedInt(buffer[at++]);
    }

    /** A line without its end, which is CR LF or LF alone; a CR elsewhere, a NUL or a missing end is refused. */
    String line(int bytesMax) throws IOException {
        StringBuilder line = new StringBuilder(80);
        while (true) {
            int next = read();
            if (next < 0) {
                throw heard ? BadAnswer.broken("it broke off within a line") : BadAnswer.none();
            }
            if (next == '\n') {
                return line.toString();
            }
            if (next == '\r') {
                if (read() != '\n') {
                    throw BadAnswer.broken("a carriage return within a line");
                }
                return line.toString();
            }
            if (next == 0 || line.length() >= bytesMax) {
                throw BadAnswer.broken(next == 0 ? "a NUL in a header" : "a header that is too long");
            }
            line.append((char) next);
        }
    }

    @Override
    public void close() {
        connection.close();
    }
}

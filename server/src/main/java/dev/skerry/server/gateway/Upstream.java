package dev.skerry.server.gateway;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.eclipse.jetty.io.ManagedSelector;

/** A connection to a program inside. One thread reads, one writes; anybody may close it, which ends both. */
final class Upstream implements AutoCloseable {
    private static final int BUFFER_BYTES = 16 << 10;

    private final Link link;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int at;
    private int end;
    private boolean heard;

    Upstream(Link link) {
        this.link = link;
    }

    /** Before another request: nothing of its answer has come yet. */
    void begin() {
        heard = false;
    }

    /** Whether it cannot carry another request: the program has ended it, or said something unasked. */
    boolean stale() {
        return at < end || link.stale();
    }

    /** Whether something can be read without waiting. */
    boolean hasBuffered() {
        if (at == end && link instanceof SocketLink socket) {
            try {
                return fill(socket) != 0;
            } catch (IOException e) {
                return true;
            }
        }
        return at < end || link.readable();
    }

    /** The socket, where it is one. */
    Optional<SocketLink> socket() {
        return link instanceof SocketLink socket ? Optional.of(socket) : Optional.empty();
    }

    boolean isWatchedBy(ManagedSelector selector) {
        return link instanceof SocketLink socket && socket.isWatchedBy(selector);
    }

    /** While nobody uses it: if it is a socket, that selector watches it from now on. */
    void watchWith(ManagedSelector selector) {
        if (link instanceof SocketLink socket) {
            socket.watchWith(selector);
        }
    }

    /**
     * Takes in what a socket has, without waiting: the count, 0 also when there is no room for more, -1 at the end.
     */
    int fill(SocketLink socket) throws IOException {
        if (at == end) {
            at = 0;
            end = 0;
        }
        int count = socket.readNow(ByteBuffer.wrap(buffer, end, buffer.length - end));
        if (count > 0) {
            end += count;
            heard = true;
        }
        return count;
    }

    boolean isFull() {
        return end == buffer.length;
    }

    /** Bytes that were taken in and not read yet. */
    int buffered() {
        return end - at;
    }

    /** So many of the {@link #buffered} ones, which stay where they are until more is taken in. */
    ByteBuffer take(int count) {
        ByteBuffer taken = ByteBuffer.wrap(buffer, at, count).slice();
        at += count;
        return taken;
    }

    /** Whether the bytes that were taken in have an empty line among them. */
    boolean hasWholeHead() {
        for (int i = at + 1; i < end; i++) {
            if (buffer[i] == '\n'
                    && (buffer[i - 1] == '\n' || (buffer[i - 1] == '\r' && i > at + 1 && buffer[i - 2] == '\n'))) {
                return true;
            }
        }
        return false;
    }

    void write(byte[] bytes, int offset, int length) throws IOException {
        link.write(bytes, offset, length);
    }

    /** Says that nothing more is written. */
    void endOutput() throws IOException {
        link.endOutput();
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
            int count = link.read(into, offset, length);
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
        for (int i = at; i < end && i - at <= bytesMax; i++) {
            byte next = buffer[i];
            if (next == '\n') {
                int length = i > at && buffer[i - 1] == '\r' ? i - 1 - at : i - at;
                String line = new String(buffer, at, length, StandardCharsets.ISO_8859_1);
                at = i + 1;
                return line;
            }
            if (next == 0 || (next == '\r' && i + 1 < end && buffer[i + 1] != '\n')) {
                break;
            }
        }
        return lineByByte(bytesMax);
    }

    /** One that is not there as a whole yet, or must not be. */
    private String lineByByte(int bytesMax) throws IOException {
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
        link.close();
    }
}

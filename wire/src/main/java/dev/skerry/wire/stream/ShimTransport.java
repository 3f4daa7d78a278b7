package dev.skerry.wire.stream;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.FieldWriter;
import dev.skerry.wire.Fields;
import dev.skerry.wire.Frame;
import dev.skerry.wire.FrameType;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import dev.skerry.wire.hosts.AtDeadline;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** The stream through a shim's socket: docs/protocol.md, section 7. */
public final class ShimTransport implements Transport {
    private static final int VERSION = 1;

    private final SocketBytes socket;
    private final Outbox outbox;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean detached;
    private long guestPid;

    private ShimTransport(SocketBytes socket) {
        this.socket = socket;
        this.outbox = new Outbox(new ClosingAll(), Thread.ofVirtual().name("guest-writer"));
    }

    /**
     * Becomes the shim's controller. Blocks until the sandbox runs.
     *
     * @param epoch higher than that of every earlier controller
     * @throws Failure {@code CONFLICT} when a controller with this epoch or a higher one was there;
     *     {@code SANDBOX_GONE} when the sandbox did not start or has ended
     */
    public static ShimTransport connect(Path path, long epoch, Duration timeout) {
        try {
            ShimTransport transport = new ShimTransport(new SocketBytes(path));
            Thread guard = Thread.ofVirtual().name("guest-attach-guard").start(() -> transport.closeAfter(timeout));
            try {
                transport.attach(epoch);
            } catch (IOException | ProtocolViolation | RuntimeException e) {
                transport.close();
                throw e;
            } finally {
                guard.interrupt();
            }
            return transport;
        } catch (IOException | ProtocolViolation e) {
            throw new Failure(ErrorCode.SANDBOX_GONE, "the sandbox's shim does not answer: " + e.getMessage(), e);
        }
    }

    private void closeAfter(Duration timeout) {
        try {
            Thread.sleep(timeout);
            close();
        } catch (InterruptedException e) {
            // The answer came.
            Thread.currentThread().interrupt();
        }
    }

    private void attach(long epoch) throws IOException, ProtocolViolation {
        send(
                FrameType.SHIM_ATTACH,
                new FieldWriter().number(Tag.VERSION, VERSION).number(Tag.EPOCH, epoch));
        Frame frame = Frame.read(readFully(Frame.HEADER_BYTES));
        Fields fields = Fields.read(readFully(frame.length()));
        if (frame.type() == FrameType.ERROR.number()) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "the shim refused: " + fields.text(Tag.MESSAGE).orElse(""));
        }
        if (frame.type() != FrameType.SHIM_ATTACHED.number()) {
            throw new ProtocolViolation("a frame of type " + frame.type() + " instead of ATTACHED");
        }
        guestPid = fields.require(Tag.PID);
    }

    private ByteBuffer readFully(int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (socket.read(bytes) < 0) {
                throw new IOException("the socket was closed");
            }
        }
        return bytes.flip();
    }

    /** Of process 1, on the host. */
    public long guestPid() {
        return guestPid;
    }

    /**
     * Replaces deadline and CPU limit. Does not wait for the shim.
     *
     * @param bootMillis CLOCK_BOOTTIME, 0 for none
     * @param cpuMicros CPU time in total, 0 for no limit
     */
    public void deadline(long bootMillis, AtDeadline action, long cpuMicros) {
        send(
                FrameType.SHIM_DEADLINE,
                new FieldWriter()
                        .number(Tag.UPTIME_MS, bootMillis)
                        .number(Tag.KIND, action.ordinal() + 1)
                        .number(Tag.LIMIT, cpuMicros));
    }

    /** Asks the shim to kill the sandbox; does not wait for it. Success when it is gone already. */
    public void kill() {
        send(FrameType.SHIM_KILL, new FieldWriter());
    }

    private void send(FrameType type, FieldWriter fields) {
        outbox.offer(type, Frame.SHIM, 0, fields.toBytes());
    }

    /**
     * Waits until the connection is closed: the sandbox is over, or the shim is, or another controller was taken, or
     * this one has detached.
     */
    public void awaitClosed() throws InterruptedException {
        ended.await();
    }

    public boolean closed() {
        return ended.getCount() == 0;
    }

    public boolean detached() {
        return detached;
    }

    /** Closes the connection; the sandbox runs on. */
    public void detach() {
        detached = true;
        close();
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        return socket.read(into);
    }

    @Override
    public Outbox outbox() {
        return outbox;
    }

    @Override
    public Thread.Builder readerThread() {
        return Thread.ofVirtual().name("guest-reader");
    }

    /**
     * Nothing to do: a deadline's confirmation is not waited for, and how a sandbox ended is in the shim's exit record.
     */
    @Override
    public void shimFrame(int type, Fields fields) {}

    @Override
    public void close() {
        outbox.close();
        socket.close();
        ended.countDown();
    }

    /** The socket, whose end is this transport's end. */
    private final class ClosingAll implements Outbox.Target {
        @Override
        public void writeSome(ByteBuffer[] parts) throws IOException {
            socket.writeSome(parts);
        }

        @Override
        public void writeAll(byte[] bytes, int length) throws IOException {
            socket.writeAll(bytes, length);
        }

        @Override
        public void close() {
            ShimTransport.this.close();
        }
    }
}

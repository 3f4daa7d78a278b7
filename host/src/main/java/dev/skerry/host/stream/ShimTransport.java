package dev.skerry.host.stream;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.FieldWriter;
import dev.skerry.wire.Fields;
import dev.skerry.wire.Frame;
import dev.skerry.wire.FrameType;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;

/** The stream through a shim's socket: docs/protocol.md, section 7. */
public final class ShimTransport implements Transport {
    private static final int VERSION = 1;

    private final SocketChannel socket;
    private final ReentrantLock writing = new ReentrantLock();
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean detached;
    private long guestPid;

    private ShimTransport(SocketChannel socket) {
        this.socket = socket;
    }

    /**
     * Becomes the shim's controller. Blocks until the sandbox runs.
     *
     * @param epoch higher than that of every earlier controller
     * @throws Failure {@code CONFLICT} when a controller with this epoch or a higher one was there; {@code SANDBOX_GONE} when the
     *     sandbox did not start or has ended
     */
    public static ShimTransport connect(Path path, long epoch, Duration timeout) {
        try {
            ShimTransport transport = new ShimTransport(SocketChannel.open(UnixDomainSocketAddress.of(path)));
            Thread guard = Thread.ofVirtual().unstarted(() -> transport.closeAfter(timeout));
            guard.start();
            try {
                transport.attach(epoch);
            } catch (IOException | RuntimeException e) {
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
        control(
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

    /** What the shim does when the deadline has come. */
    public enum AtDeadline {
        KILL,
        FREEZE
    }

    /**
     * Replaces deadline and CPU limit.
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

    /** Kills the sandbox. Success when it is gone already. */
    public void kill() {
        send(FrameType.SHIM_KILL, new FieldWriter());
    }

    private void send(FrameType type, FieldWriter fields) {
        try {
            control(type, fields);
        } catch (IOException e) {
            ended.countDown();
        }
    }

    private void control(FrameType type, FieldWriter fields) throws IOException {
        byte[] payload = fields.toBytes();
        ByteBuffer frame =
                ByteBuffer.allocate(Frame.HEADER_BYTES + payload.length).order(ByteOrder.LITTLE_ENDIAN);
        new Frame(payload.length, Frame.SHIM, type.number(), 0).write(frame);
        write(frame.put(payload).flip());
    }

    /** Waits until the shim has ended the connection: the sandbox is over, or the shim is. Not after {@link #detach}. */
    public void awaitClosed() throws InterruptedException {
        ended.await();
        if (detached) {
            throw new InterruptedException("detached");
        }
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
    public void write(ByteBuffer from) throws IOException {
        writing.lock();
        try {
            while (from.hasRemaining()) {
                socket.write(from);
            }
        } finally {
            writing.unlock();
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } finally {
            ended.countDown();
        }
    }
}

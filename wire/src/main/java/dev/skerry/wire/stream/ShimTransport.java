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
    private static final int CAUSE_FROZEN = 6;

    private final SocketBytes socket;
    private final Outbox outbox;
    private final Path path;
    private final long epoch;
    private final Runnable onFrozen;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean detached;
    private volatile Loopback loopback = Loopback.NONE;
    private long guestPid;

    private ShimTransport(SocketBytes socket, Path path, long epoch, Runnable onFrozen) {
        this.socket = socket;
        this.path = path;
        this.epoch = epoch;
        this.onFrozen = onFrozen;
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
        return connect(path, epoch, timeout, () -> {});
    }

    /** @param onFrozen run, by the stream's reader, when the shim says that the deadline has frozen the sandbox */
    public static ShimTransport connect(Path path, long epoch, Duration timeout, Runnable onFrozen) {
        try {
            ShimTransport transport = new ShimTransport(new SocketBytes(path), path, epoch, onFrozen);
            try {
                transport.guestPid = ask(transport.socket, timeout, FrameType.SHIM_ATTACH, hello(epoch))
                        .require(Tag.PID);
            } catch (IOException | ProtocolViolation | RuntimeException e) {
                transport.close();
                throw e;
            }
            return transport;
        } catch (IOException | ProtocolViolation e) {
            throw silent(e);
        }
    }

    private static FieldWriter hello(long epoch) {
        return new FieldWriter().number(Tag.VERSION, VERSION).number(Tag.EPOCH, epoch);
    }

    private static Failure silent(Exception e) {
        return new Failure(ErrorCode.SANDBOX_GONE, "the sandbox's shim does not answer: " + e.getMessage(), e);
    }

    /** The first frame on a connection, and its answer. */
    private static Fields ask(SocketBytes socket, Duration timeout, FrameType type, FieldWriter fields)
            throws IOException, ProtocolViolation {
        byte[] payload = fields.toBytes();
        byte[] frame = ByteBuffer.allocate(Frame.HEADER_BYTES + payload.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(payload.length)
                .putInt(Frame.SHIM)
                .put(type.number())
                .put((byte) 0)
                .putShort((short) 0)
                .put(payload)
                .array();
        socket.writeAll(frame, frame.length);
        Frame head = Frame.read(readFully(socket, Frame.HEADER_BYTES, timeout));
        Fields answer = Fields.read(readFully(socket, head.length(), timeout));
        if (head.type() == FrameType.ERROR.number()) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "the shim refused: " + answer.text(Tag.MESSAGE).orElse(""));
        }
        int expected = type == FrameType.SHIM_ATTACH ? FrameType.SHIM_ATTACHED.number() : type.number();
        if (head.type() != expected) {
            throw new ProtocolViolation("a frame of type " + head.type() + " as the answer to " + type);
        }
        return answer;
    }

    private static ByteBuffer readFully(SocketBytes socket, int count, Duration bound) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        socket.readFully(bytes, bound);
        return bytes.flip();
    }

    /** Of process 1, on the host. */
    public long guestPid() {
        return guestPid;
    }

    /**
     * Replaces deadline and CPU limit, and waits until the shim has done so. On a connection of its own: the stream's
     * may be full of what a guest that stands still does not take.
     *
     * @param bootMillis CLOCK_BOOTTIME, 0 for none
     * @param cpuMicros CPU time in total, 0 for no limit
     * @throws Failure {@code CONFLICT} when another controller has the sandbox; {@code SANDBOX_GONE}
     */
    public void deadline(long bootMillis, AtDeadline action, long cpuMicros, Duration timeout) {
        FieldWriter fields = hello(epoch)
                .number(Tag.UPTIME_MS, bootMillis)
                .number(Tag.KIND, action.ordinal() + 1)
                .number(Tag.LIMIT, cpuMicros);
        try {
            SocketBytes aside = new SocketBytes(path);
            try {
                ask(aside, timeout, FrameType.SHIM_DEADLINE, fields);
            } finally {
                aside.close();
            }
        } catch (IOException | ProtocolViolation e) {
            throw silent(e);
        }
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

    /** Before it is used: whom to ask for sockets in the sandbox's network. */
    public void reachPortsBy(Loopback network) {
        loopback = network;
    }

    @Override
    public Loopback loopback() {
        return loopback;
    }

    @Override
    public Outbox outbox() {
        return outbox;
    }

    @Override
    public Thread.Builder readerThread() {
        return Thread.ofVirtual().name("guest-reader");
    }

    /** How a sandbox ended is in the shim's exit record; being frozen is no end. */
    @Override
    public void shimFrame(int type, Fields fields) throws ProtocolViolation {
        if (type == FrameType.SHIM_EXITED.number() && fields.number(Tag.CAUSE, 0) == CAUSE_FROZEN) {
            onFrozen.run();
        }
    }

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

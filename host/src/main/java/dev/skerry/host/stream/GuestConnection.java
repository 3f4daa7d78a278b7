package dev.skerry.host.stream;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.FieldWriter;
import dev.skerry.wire.Fields;
import dev.skerry.wire.Frame;
import dev.skerry.wire.FrameType;
import dev.skerry.wire.Op;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The stream of one sandbox. Thread-safe. Everything that waits is woken with a {@link Failure} {@code SANDBOX_GONE} when the
 * connection ends, for whatever reason.
 */
public final class GuestConnection implements AutoCloseable {
    /** Credit of process streams and dialled connections. */
    static final int PROCESS_WINDOW = 256 << 10;

    /** Credit of file contents, listings and archives. */
    static final int BULK_WINDOW = 1 << 20;

    /** Channels open at a time. */
    static final int CHANNELS_MAX = 1024;

    private static final int READ_BYTES = 256 << 10;
    private static final int VERSION = 1;
    private static final Duration ANSWER_BOUND = Duration.ofSeconds(30);

    private final Transport transport;
    private final long epoch;
    private final ConcurrentHashMap<Integer, GuestChannel> channels = new ConcurrentHashMap<>();
    private final AtomicInteger lastChannel = new AtomicInteger();
    private final AtomicReference<Failure> broken = new AtomicReference<>();
    private final CountDownLatch hello = new CountDownLatch(1);
    private final ConcurrentHashMap<Long, CountDownLatch> pings = new ConcurrentHashMap<>();
    private final AtomicInteger lastPing = new AtomicInteger();
    private final ReentrantLock writing = new ReentrantLock();
    private final ByteBuffer outgoing = ByteBuffer.allocateDirect(Frame.HEADER_BYTES + Frame.PAYLOAD_BYTES_MAX)
            .order(ByteOrder.LITTLE_ENDIAN);

    private GuestConnection(Transport transport, long epoch) {
        this.transport = transport;
        this.epoch = epoch;
    }

    /**
     * Says hello and waits for the answer; whatever the guest sent to earlier hosts is skipped.
     *
     * @param epoch higher than that of every earlier connection to this guest
     */
    public static GuestConnection open(Transport transport, long epoch, Duration timeout) {
        GuestConnection connection = new GuestConnection(transport, epoch);
        Thread.ofVirtual().name("guest-reader").start(connection::readAll);
        byte[] fields = new FieldWriter()
                .number(Tag.VERSION, VERSION)
                .number(Tag.EPOCH, epoch)
                .toBytes();
        connection.send(Frame.CONTROL, FrameType.HELLO, 0, fields, 0, fields.length);
        try {
            if (!connection.hello.await(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
                connection.close();
                throw new Failure(
                        ErrorCode.DEADLINE_EXCEEDED,
                        "process 1 of the sandbox said nothing within " + timeout.toMillis() + " ms");
            }
        } catch (InterruptedException e) {
            connection.close();
            Thread.currentThread().interrupt();
            throw new Failure(ErrorCode.SANDBOX_GONE, "interrupted while a sandbox was starting", e);
        }
        connection.checkOpen();
        return connection;
    }

    /** Starts a process; returns once it runs. */
    public GuestProcess exec(ExecRequest request) throws InterruptedException {
        GuestChannel channel = open(request.encode(), PROCESS_WINDOW);
        return new GuestProcess(this, channel, channel.awaitResponse(ANSWER_BOUND));
    }

    public GuestProcesses processes() {
        return new GuestProcesses(this);
    }

    public GuestFiles files() {
        return new GuestFiles(this);
    }

    public GuestPorts ports() {
        return new GuestPorts(this);
    }

    /** What the guest says of itself; believe the cgroup instead. */
    public GuestMetrics metrics() throws InterruptedException {
        return GuestMetrics.of(call(new FieldWriter().number(Tag.OP, Op.METRICS.number())));
    }

    /** SIGTERM to all, after {@code grace} SIGKILL, then process 1 ends and the sandbox with it. */
    public void shutdown(Duration grace) throws InterruptedException {
        FieldWriter request =
                new FieldWriter().number(Tag.OP, Op.SHUTDOWN.number()).number(Tag.TIMEOUT_MS, grace.toMillis());
        open(request, PROCESS_WINDOW).awaitEnd(grace.plus(ANSWER_BOUND));
    }

    /** The time of a round trip. */
    public Duration ping(Duration timeout) throws InterruptedException {
        long nonce = lastPing.incrementAndGet();
        CountDownLatch answered = new CountDownLatch(1);
        pings.put(nonce, answered);
        try {
            long start = System.nanoTime();
            byte[] bytes = ByteBuffer.allocate(Long.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(nonce)
                    .array();
            send(Frame.CONTROL, FrameType.PING, 0, bytes, 0, bytes.length);
            boolean good = answered.await(timeout.toNanos(), TimeUnit.NANOSECONDS);
            checkOpen();
            if (!good) {
                throw new Failure(
                        ErrorCode.DEADLINE_EXCEEDED, "no answer to a ping within " + timeout.toMillis() + " ms");
            }
            return Duration.ofNanos(System.nanoTime() - start);
        } finally {
            pings.remove(nonce);
        }
    }

    public boolean closed() {
        return broken.get() != null;
    }

    /** Why the connection ended, if it has. */
    public Optional<Failure> cause() {
        return Optional.ofNullable(broken.get());
    }

    @Override
    public void close() {
        fail(new Failure(ErrorCode.SANDBOX_GONE, "the connection to the sandbox was closed"));
    }

    // For the classes of this package.

    Fields call(FieldWriter request) throws InterruptedException {
        return open(request, PROCESS_WINDOW).awaitEnd(ANSWER_BOUND);
    }

    /** Opens a channel with a request of any legal size. */
    GuestChannel open(FieldWriter request, int window) {
        byte[] fields = request.toBytes();
        if (fields.length > Frame.REQUEST_BYTES_MAX) {
            throw new Failure(
                    ErrorCode.LIMIT_EXCEEDED,
                    "a request of " + fields.length + " bytes; arguments and environment together may have 1 MiB",
                    "pass large input by stdin or as a file");
        }
        if (channels.size() >= CHANNELS_MAX) {
            throw new Failure(
                    ErrorCode.LIMIT_EXCEEDED, "more than " + CHANNELS_MAX + " requests at a time on one sandbox");
        }
        GuestChannel channel = new GuestChannel(this, lastChannel.incrementAndGet(), window);
        channels.put(channel.number(), channel);
        writing.lock();
        try {
            int offset = 0;
            do {
                int length = Math.min(Frame.PAYLOAD_BYTES_MAX, fields.length - offset);
                boolean more = offset + length < fields.length;
                send(channel.number(), FrameType.REQUEST, more ? Frame.MORE : 0, fields, offset, length);
                offset += length;
            } while (offset < fields.length);
        } finally {
            writing.unlock();
        }
        checkOpen();
        return channel;
    }

    void sendData(GuestChannel channel, int stream, byte[] bytes, int offset, int length) {
        send(channel.number(), FrameType.DATA, stream, bytes, offset, length);
    }

    void sendEof(GuestChannel channel, int stream) {
        if (!channel.ended()) {
            send(channel.number(), FrameType.EOF, stream, new byte[0], 0, 0);
        }
    }

    void sendCredit(int channel, int stream, int bytes) {
        byte[] payload = ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(bytes)
                .array();
        send(channel, FrameType.CREDIT, stream, payload, 0, payload.length);
    }

    /** Gives a channel up; its number is not used again. */
    void cancel(GuestChannel channel) {
        if (channels.containsKey(channel.number()) && !channel.ended() && !closed()) {
            send(channel.number(), FrameType.CANCEL, 0, new byte[0], 0, 0);
        }
    }

    private void send(int channel, FrameType type, int flags, byte[] payload, int offset, int length) {
        writing.lock();
        try {
            outgoing.clear();
            new Frame(length, channel, type.number(), flags).write(outgoing);
            outgoing.put(payload, offset, length).flip();
            transport.write(outgoing);
        } catch (IOException e) {
            fail(new Failure(ErrorCode.SANDBOX_GONE, "the sandbox's stream broke", e));
        } finally {
            writing.unlock();
        }
    }

    private void checkOpen() {
        Failure failure = broken.get();
        if (failure != null) {
            throw new Failure(failure.code(), failure.getMessage(), failure);
        }
    }

    private void fail(Failure reason) {
        if (!broken.compareAndSet(null, reason)) {
            return;
        }
        transport.close();
        hello.countDown();
        pings.values().forEach(CountDownLatch::countDown);
        channels.values().forEach(channel -> channel.onFailure(reason));
    }

    // The reader's thread.

    private void readAll() {
        ByteBuffer in = ByteBuffer.allocateDirect(READ_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try {
            while (broken.get() == null) {
                if (transport.read(in) < 0) {
                    fail(new Failure(ErrorCode.SANDBOX_GONE, "the sandbox has ended"));
                    return;
                }
                in.flip();
                while (nextFrame(in)) {
                    // Every whole frame of the buffer.
                }
                in.compact();
            }
        } catch (IOException e) {
            fail(new Failure(ErrorCode.SANDBOX_GONE, "the sandbox's stream broke", e));
        } catch (ProtocolViolation e) {
            fail(new Failure(ErrorCode.SANDBOX_GONE, "the sandbox broke the protocol: " + e.getMessage(), e));
        } catch (RuntimeException e) {
            fail(new Failure(ErrorCode.INTERNAL, "the stream's reader failed", e));
        }
    }

    private boolean nextFrame(ByteBuffer in) throws ProtocolViolation {
        if (in.remaining() < Frame.HEADER_BYTES) {
            return false;
        }
        int start = in.position();
        Frame frame = Frame.read(in);
        if (in.remaining() < frame.length()) {
            in.position(start);
            return false;
        }
        int limit = in.limit();
        int end = in.position() + frame.length();
        in.limit(end);
        dispatch(frame, in);
        in.limit(limit).position(end);
        return true;
    }

    private void dispatch(Frame frame, ByteBuffer payload) throws ProtocolViolation {
        Optional<FrameType> type = FrameType.of(frame.type());
        if (type.isEmpty()) {
            throw new ProtocolViolation("a frame of type " + frame.type());
        }
        if (frame.channel() == Frame.SHIM) {
            transport.shimFrame(frame.type(), Fields.read(payload));
        } else if (frame.channel() == Frame.CONTROL) {
            control(type.get(), payload);
        } else if (hello.getCount() == 0) {
            // Before the hello: frames for an earlier host.
            GuestChannel channel = channels.get(frame.channel());
            if (channel != null) {
                deliver(channel, frame, type.get(), payload);
            }
        }
    }

    private void control(FrameType type, ByteBuffer payload) throws ProtocolViolation {
        if (type == FrameType.HELLO) {
            if (Fields.read(payload).number(Tag.EPOCH, -1) == epoch) {
                hello.countDown();
            }
        } else if (type == FrameType.PONG && payload.remaining() == Long.BYTES) {
            CountDownLatch waiting = pings.get(payload.getLong());
            if (waiting != null) {
                waiting.countDown();
            }
        } else if (type == FrameType.ERROR) {
            throw new ProtocolViolation(Fields.read(payload).text(Tag.MESSAGE).orElse("no reason given"));
        }
    }

    private void deliver(GuestChannel channel, Frame frame, FrameType type, ByteBuffer payload)
            throws ProtocolViolation {
        switch (type) {
            case RESPONSE -> channel.onResponse(Fields.read(payload));
            case DATA -> channel.onData(frame.flags(), payload);
            case EOF -> channel.onEof(frame.flags());
            case CREDIT -> {
                if (payload.remaining() != Integer.BYTES) {
                    throw new ProtocolViolation("a credit of " + payload.remaining() + " bytes");
                }
                channel.onCredit(frame.flags(), Integer.toUnsignedLong(payload.getInt()));
            }
            case EVENT -> channel.onEvent(Fields.read(payload));
            case END -> {
                channels.remove(channel.number());
                channel.onEnd(Fields.read(payload));
            }
            case ERROR -> {
                channels.remove(channel.number());
                channel.onFailure(GuestErrors.failure(Fields.read(payload)));
            }
            case HELLO,
                    REQUEST,
                    CANCEL,
                    PING,
                    PONG,
                    SHIM_ATTACH,
                    SHIM_ATTACHED,
                    SHIM_DEADLINE,
                    SHIM_KILL,
                    SHIM_EXITED -> throw new ProtocolViolation("a frame " + type + " from the guest");
        }
    }
}

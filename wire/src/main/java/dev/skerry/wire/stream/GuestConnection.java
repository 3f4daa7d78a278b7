package dev.skerry.wire.stream;

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
import java.util.function.Consumer;

/**
 * The stream of one sandbox. Thread-safe. Everything that waits is woken with a {@link Failure} {@code SANDBOX_GONE}
 * when the connection ends, for whatever reason; what breaks the protocol ends it. Interrupting a caller ends what that
 * caller asked for and nothing else.
 */
public final class GuestConnection implements AutoCloseable {
    /** Channels open at a time. */
    static final int CHANNELS_MAX = 1024;

    private static final int VERSION = 1;
    private static final int SIGKILL = 9;
    private static final Duration ANSWER_BOUND = Duration.ofSeconds(30);
    private static final Duration STALL_BOUND = Duration.ofMinutes(1);
    private static final byte[] NOTHING = {};

    private final Transport transport;
    private final Outbox outbox;
    private final long epoch;
    final Duration stallBound;
    private final ConcurrentHashMap<Integer, GuestChannel> channels = new ConcurrentHashMap<>();
    private final AtomicInteger lastChannel = new AtomicInteger();
    private final AtomicReference<Failure> broken = new AtomicReference<>();
    private final CountDownLatch hello = new CountDownLatch(1);
    private final Pings pings = new Pings();

    private GuestConnection(Transport transport, long epoch, Duration stallBound) {
        this.transport = transport;
        this.outbox = transport.outbox();
        this.epoch = epoch;
        this.stallBound = stallBound;
    }

    /**
     * Says hello and waits for the answer; whatever the guest sent to earlier hosts is skipped.
     *
     * @param epoch higher than that of every earlier connection to this guest
     * @throws Failure {@code DEADLINE_EXCEEDED} when no answer came in time, {@code UNSUPPORTED} when the guest speaks
     *     another version, {@code SANDBOX_GONE}; the transport is closed then
     */
    public static GuestConnection open(Transport transport, long epoch, Duration timeout) {
        return open(transport, epoch, timeout, STALL_BOUND);
    }

    /** @param stallBound how long a file's bytes may make no progress because of the guest */
    static GuestConnection open(Transport transport, long epoch, Duration timeout, Duration stallBound) {
        return new GuestConnection(transport, epoch, stallBound).begin().awaitHello(timeout);
    }

    /**
     * As {@link #open}, but does not wait for the answer, which a guest that stands still gives when it goes on. What
     * is asked for meanwhile waits as long.
     */
    public static GuestConnection begin(Transport transport, long epoch) {
        return new GuestConnection(transport, epoch, STALL_BOUND).begin();
    }

    private GuestConnection begin() {
        transport.readerThread().start(this::readAll);
        byte[] fields = new FieldWriter()
                .number(Tag.VERSION, VERSION)
                .number(Tag.EPOCH, epoch)
                .toBytes();
        outbox.offer(FrameType.HELLO, Frame.CONTROL, 0, fields);
        return this;
    }

    private GuestConnection awaitHello(Duration timeout) {
        try {
            if (!hello.await(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
                close();
                String late = "process 1 of the sandbox said nothing within " + timeout.toMillis() + " ms";
                throw new Failure(ErrorCode.DEADLINE_EXCEEDED, late);
            }
        } catch (InterruptedException e) {
            close();
            Thread.currentThread().interrupt();
            throw new Failure(ErrorCode.SANDBOX_GONE, "interrupted while a sandbox was starting", e);
        }
        checkOpen();
        return this;
    }

    /** Starts a process; returns once it runs. One that starts only after its caller has given up is killed. */
    public GuestProcess exec(ExecRequest request) throws InterruptedException {
        GuestChannel channel = open(Op.EXEC, request.encode());
        Fields accepted = channel.awaitResponse(ANSWER_BOUND);
        try {
            return GuestProcess.started(this, channel, accepted);
        } catch (ProtocolViolation e) {
            throw broken(e);
        }
    }

    public GuestProcesses processes() {
        return new GuestProcesses(this);
    }

    public GuestFiles files() {
        return new GuestFiles(this);
    }

    public GuestPorts ports() {
        return new GuestPorts(this, transport.loopback());
    }

    /** What the guest says of itself; believe the cgroup instead. */
    public GuestMetrics metrics() throws InterruptedException {
        try {
            return GuestMetrics.of(call(Op.METRICS, new FieldWriter()));
        } catch (ProtocolViolation e) {
            throw broken(e);
        }
    }

    /**
     * SIGTERM to all, after {@code grace} SIGKILL, then process 1 ends and the sandbox with it. Success when it is gone
     * already.
     */
    public void shutdown(Duration grace) throws InterruptedException {
        try {
            open(Op.SHUTDOWN, new FieldWriter().number(Tag.TIMEOUT_MS, grace.toMillis()))
                    .awaitEnd(grace.plus(ANSWER_BOUND));
        } catch (Failure e) {
            if (e.code() != ErrorCode.SANDBOX_GONE) {
                throw e;
            }
        }
    }

    /** The time of a round trip. */
    public Duration ping(Duration timeout) throws InterruptedException {
        return ping(timeout, () -> {});
    }

    /** @param meanwhile done while the answer is on its way */
    public Duration ping(Duration timeout, Runnable meanwhile) throws InterruptedException {
        try (Pings.Ping ping = pings.begin()) {
            checkOpen();
            long start = System.nanoTime();
            send(new Frame(Long.BYTES, Frame.CONTROL, FrameType.PING.number(), 0), ping.payload(), 0);
            meanwhile.run();
            ping.await(timeout);
            checkOpen();
            return Duration.ofNanos(System.nanoTime() - start);
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

    /** An answer says what it must not. Ends the connection; the result is for the caller to throw. */
    Failure broken(ProtocolViolation e) {
        Failure failure = new Failure(ErrorCode.SANDBOX_GONE, "the sandbox broke the protocol: " + e.getMessage(), e);
        fail(failure);
        return failure;
    }

    Fields call(Op op, FieldWriter request) throws InterruptedException {
        return open(op, request).awaitEnd(ANSWER_BOUND);
    }

    /** Opens a channel with a request of any legal size. */
    GuestChannel open(Op op, FieldWriter request) throws InterruptedException {
        byte[] fields = request.number(Tag.OP, op.number()).toBytes();
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
        GuestChannel channel = new GuestChannel(this, nextChannel(), op);
        channels.put(channel.number(), channel);
        try {
            checkOpen();
            sendRequest(channel, fields);
        } catch (InterruptedException | RuntimeException e) {
            channel.cancel();
            channels.remove(channel.number());
            throw e;
        }
        return channel;
    }

    private int nextChannel() {
        int number = lastChannel.incrementAndGet();
        if (number <= 0) {
            fail(new Failure(
                    ErrorCode.SANDBOX_GONE, "this connection has used up its channel numbers", "connect anew"));
        }
        return number;
    }

    private void sendRequest(GuestChannel channel, byte[] fields) throws InterruptedException {
        int offset = 0;
        do {
            int length = Math.min(Frame.PAYLOAD_BYTES_MAX, fields.length - offset);
            int flags = offset + length < fields.length ? Frame.MORE : 0;
            send(new Frame(length, channel.number(), FrameType.REQUEST.number(), flags), fields, offset);
            offset += length;
        } while (offset < fields.length);
    }

    void send(Frame frame, byte[] payload, int offset) throws InterruptedException {
        outbox.send(frame, payload, offset);
    }

    void sendEof(GuestChannel channel, int stream) {
        if (!channel.ended()) {
            outbox.offer(FrameType.EOF, channel.number(), stream, NOTHING);
        }
    }

    void sendCredit(int channel, int stream, int bytes) {
        byte[] payload = ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(bytes)
                .array();
        outbox.offer(FrameType.CREDIT, channel, stream, payload);
    }

    void sendCancel(int channel) {
        outbox.offer(FrameType.CANCEL, channel, 0, NOTHING);
    }

    /** Kills a process and all its descendants, and does not care about the answer. */
    void sendKill(long process) {
        byte[] request = new FieldWriter()
                .number(Tag.OP, Op.SIGNAL.number())
                .number(Tag.PROCESS, process)
                .number(Tag.SIGNAL, SIGKILL)
                .number(Tag.SCOPE, GuestProcess.Scope.TREE.ordinal())
                .toBytes();
        outbox.offer(FrameType.REQUEST, nextChannel(), 0, request);
    }

    void checkOpen() {
        Failure failure = broken.get();
        if (failure != null) {
            throw Inbound.again(failure);
        }
    }

    private void fail(Failure reason) {
        if (!broken.compareAndSet(null, reason)) {
            return;
        }
        try {
            transport.close();
        } finally {
            hello.countDown();
            pings.wakeAll();
            channels.values().forEach(channel -> channel.onFailure(reason));
        }
    }

    // The reader's thread.

    private void readAll() {
        try {
            new FrameReader(transport, new Dispatcher()).run();
            fail(new Failure(ErrorCode.SANDBOX_GONE, "the sandbox has ended, or another controller has taken it over"));
        } catch (IOException e) {
            fail(new Failure(ErrorCode.SANDBOX_GONE, "the sandbox's stream broke", e));
        } catch (ProtocolViolation e) {
            broken(e);
        } catch (RuntimeException | Error e) {
            // Nobody may be left waiting for a reader that is gone, whatever ended it.
            fail(new Failure(ErrorCode.INTERNAL, "the stream's reader failed", e));
        }
    }

    /** Takes frames to where they belong. Until the guest has repeated our epoch, they are for an earlier host. */
    private final class Dispatcher implements FrameReader.Sink {
        @Override
        public void frame(Frame frame, ByteBuffer payload) throws ProtocolViolation {
            if (frame.channel() == Frame.SHIM) {
                transport.shimFrame(frame.type(), Fields.read(payload));
            } else if (hello.getCount() > 0) {
                greet(frame, payload);
            } else {
                FrameType type = FrameType.of(frame.type())
                        .orElseThrow(() -> new ProtocolViolation("a frame of type " + frame.type()));
                if (frame.channel() == Frame.CONTROL) {
                    control(type, payload);
                } else {
                    GuestChannel channel = channels.get(frame.channel());
                    if (channel != null) {
                        deliver(channel, frame, type, payload);
                    }
                }
            }
        }

        @Override
        public Consumer<ByteBuffer> data(Frame frame) throws ProtocolViolation {
            GuestChannel channel = channels.get(frame.channel());
            if (channel != null && hello.getCount() == 0) {
                return channel.onData(frame.flags(), frame.length());
            }
            if (frame.channel() == Frame.SHIM || (frame.channel() == Frame.CONTROL && hello.getCount() == 0)) {
                throw new ProtocolViolation("data on channel " + frame.channel());
            }
            return piece -> {};
        }

        private void greet(Frame frame, ByteBuffer payload) throws ProtocolViolation {
            if (frame.channel() != Frame.CONTROL) {
                return;
            }
            if (frame.type() == FrameType.HELLO.number()) {
                Fields fields = Fields.read(payload);
                if (fields.number(Tag.EPOCH, -1) == epoch) {
                    if (fields.require(Tag.VERSION) != VERSION) {
                        fail(new Failure(ErrorCode.UNSUPPORTED, "the sandbox speaks another version of the protocol"));
                    }
                    hello.countDown();
                }
            } else if (frame.type() == FrameType.ERROR.number()) {
                Failure failure = GuestErrors.failure(Fields.read(payload));
                if (failure.code() == ErrorCode.UNSUPPORTED) {
                    fail(failure);
                }
            }
        }

        private void control(FrameType type, ByteBuffer payload) throws ProtocolViolation {
            switch (type) {
                case PONG -> pings.answered(payload);
                case ERROR ->
                    throw new ProtocolViolation("it refuses to go on: "
                            + GuestErrors.failure(Fields.read(payload)).getMessage());
                default -> throw new ProtocolViolation("a frame " + type + " on channel 0");
            }
        }

        private void deliver(GuestChannel channel, Frame frame, FrameType type, ByteBuffer payload)
                throws ProtocolViolation {
            switch (type) {
                case RESPONSE -> channel.onResponse(Fields.read(payload));
                case EOF -> channel.onEof(frame.flags());
                case CREDIT -> {
                    if (payload.remaining() != Integer.BYTES) {
                        throw new ProtocolViolation("a credit of " + payload.remaining() + " bytes");
                    }
                    channel.onCredit(frame.flags(), Integer.toUnsignedLong(payload.getInt()));
                }
                case EVENT -> channel.onEvent(Fields.read(payload), frame.length());
                case END -> {
                    channel.onEnd(Fields.read(payload));
                    channels.remove(channel.number());
                }
                case ERROR -> {
                    channel.onFailure(GuestErrors.failure(Fields.read(payload)));
                    channels.remove(channel.number());
                }
                default -> throw new ProtocolViolation("a frame " + type + " from the guest");
            }
        }
    }
}

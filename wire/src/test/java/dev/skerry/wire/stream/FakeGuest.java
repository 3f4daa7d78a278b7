package dev.skerry.wire.stream;

import dev.skerry.wire.FieldWriter;
import dev.skerry.wire.Frame;
import dev.skerry.wire.FrameType;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import dev.skerry.wire.stream.ShimSocket.Message;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Process 1 of a sandbox, played by the test: it says what it likes, byte for byte, behind a shim's socket. */
final class FakeGuest implements AutoCloseable {
    static final Duration SOON = Duration.ofSeconds(20);
    private static final long EPOCH = 7;

    private final ShimSocket shim = new ShimSocket();
    private final Call<GuestConnection> opening;
    private final SocketChannel socket;

    /** @param stallBound of the host */
    FakeGuest(Duration stallBound) throws IOException {
        opening = new Call<>(
                () -> GuestConnection.open(ShimTransport.connect(shim.path(), EPOCH, SOON), EPOCH, SOON, stallBound));
        socket = shim.accept();
    }

    /** One that has said a proper hello. */
    static FakeGuest greeted() throws Exception {
        return greeted(SOON);
    }

    static FakeGuest greeted(Duration stallBound) throws Exception {
        FakeGuest guest = new FakeGuest(stallBound);
        guest.hello(1);
        return guest;
    }

    void hello(long version) throws IOException {
        send(
                FrameType.HELLO,
                Frame.CONTROL,
                0,
                new FieldWriter().number(Tag.VERSION, version).number(Tag.EPOCH, EPOCH));
    }

    /** The host's side, once it has taken the hello. */
    GuestConnection host() throws Exception {
        return opening.result();
    }

    /** Something that a caller on the host waits for, on a thread of its own. */
    static final class Call<T> {
        private final FutureTask<T> task;

        Call(Callable<T> action) {
            task = new FutureTask<>(action);
            Thread.ofVirtual().start(task);
        }

        /** What came of it: never later than soon. */
        T result() throws Exception {
            try {
                return task.get(SOON.toSeconds(), TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                throw e.getCause() instanceof Exception cause ? cause : e;
            } catch (TimeoutException e) {
                throw new AssertionError("a caller waits for ever", e);
            }
        }

        boolean done() {
            return task.isDone();
        }
    }

    /** The next frame of that type; others before it are skipped. */
    Message next(FrameType type) throws IOException, ProtocolViolation {
        Message message = Message.read(socket);
        while (!message.is(type)) {
            message = Message.read(socket);
        }
        return message;
    }

    /** The channel of the next request. */
    int requested() throws IOException, ProtocolViolation {
        return next(FrameType.REQUEST).frame().channel();
    }

    void send(FrameType type, int channel, int flags, FieldWriter fields) throws IOException {
        send(type, channel, flags, fields.toBytes());
    }

    void send(FrameType type, int channel, int flags, byte... payload) throws IOException {
        new Message(type, channel, flags, payload).write(socket);
    }

    void respond(int channel, FieldWriter fields) throws IOException {
        send(FrameType.RESPONSE, channel, 0, fields);
    }

    void end(int channel, FieldWriter fields) throws IOException {
        send(FrameType.END, channel, 0, fields);
    }

    void bytes(byte... bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            socket.write(buffer);
        }
    }

    void hangUp() throws IOException {
        socket.close();
    }

    @Override
    public void close() throws IOException {
        try (shim) {
            socket.close();
        }
    }
}

package dev.skerry.wire.stream;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.FieldWriter;
import dev.skerry.wire.Fields;
import dev.skerry.wire.Op;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Services on the sandbox's own loopback. The sandbox needs no network for this. */
public final class GuestPorts {
    private static final Duration DIAL_BOUND = Duration.ofSeconds(10);
    private static final int PORTS_MAX = 65_535;
    private final GuestConnection connection;
    private final Loopback loopback;

    GuestPorts(GuestConnection connection, Loopback loopback) {
        this.connection = connection;
        this.loopback = loopback;
    }

    /** A TCP socket in state listen. */
    public record Listener(String address, int port, int uid) {}

    public List<Listener> listeners() throws InterruptedException {
        Fields answer = connection.call(Op.LISTENERS, new FieldWriter());
        try {
            List<Listener> found = new ArrayList<>();
            for (Fields entry : answer.nested(Tag.ENTRY)) {
                found.add(new Listener(
                        entry.text(Tag.ADDRESS).orElse(""), (int) entry.require(Tag.PORT, 1, PORTS_MAX), (int)
                                entry.optional(Tag.UID, 0, 0xFFFF_FFFFL)));
            }
            return found;
        } catch (ProtocolViolation e) {
            throw connection.broken(e);
        }
    }

    /**
     * Connects to 127.0.0.1 inside by a socket of its own, past the stream and past process 1; nothing where this host
     * does not share the sandbox's network. Unlike what {@link #dial} gives, it does not hear of the sandbox's end as
     * such: the program's end of the connection is closed then, as it is when the program closes it. Whoever must know
     * which it was asks on the stream.
     *
     * @throws Failure as {@link #dial}
     */
    public Optional<SocketChannel> connect(int port) throws InterruptedException {
        checkPort(port);
        connection.checkOpen();
        SocketChannel socket;
        try {
            Optional<SocketChannel> made = loopback.socket();
            if (made.isEmpty()) {
                return made;
            }
            socket = made.get();
        } catch (IOException e) {
            // There is another way.
            return Optional.empty();
        }
        try {
            socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
            socket.socket().connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), (int)
                    DIAL_BOUND.toMillis());
            return Optional.of(socket);
        } catch (IOException e) {
            close(socket);
            throw refused(e);
        }
    }

    private Failure refused(IOException e) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException(e.getMessage());
        }
        connection.checkOpen();
        return e instanceof SocketTimeoutException
                ? new Failure(ErrorCode.DEADLINE_EXCEEDED, "no answer within " + DIAL_BOUND.toMillis() + " ms", e)
                : new Failure(ErrorCode.HOST_UNREACHABLE, "connection: " + e.getMessage(), e);
    }

    private static void close(SocketChannel socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // The descriptor is closed even then.
        }
    }

    private static void checkPort(int port) {
        if (port < 1 || port > PORTS_MAX) {
            throw new Failure(ErrorCode.INVALID_REQUEST, port + " is not a port", "ports are 1 to 65535");
        }
    }

    /** Connects to 127.0.0.1 inside, on the stream. */
    public Connection dial(int port) throws InterruptedException {
        checkPort(port);
        GuestChannel channel = connection.open(Op.DIAL, new FieldWriter().number(Tag.PORT, port));
        channel.awaitResponse(DIAL_BOUND);
        return new Connection(connection, channel);
    }

    /** A TCP connection, relayed on the stream. Closing the output half-closes it. */
    public static final class Connection implements AutoCloseable {
        private final GuestChannel channel;
        private final InputStream input;
        private final OutputStream output;

        Connection(GuestConnection connection, GuestChannel channel) {
            this.channel = channel;
            this.input = new GuestInput(channel, 1, false);
            this.output = new GuestOutput(connection, channel);
        }

        public InputStream input() {
            return input;
        }

        public OutputStream output() {
            return output;
        }

        /** Whether the service has sent the end of its bytes, or the connection has failed. */
        public boolean ended() {
            return channel.ended() || channel.inbound(1).hasEnded();
        }

        @Override
        public void close() {
            channel.cancel();
        }
    }
}

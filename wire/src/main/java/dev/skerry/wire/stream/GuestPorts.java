package dev.skerry.wire.stream;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.FieldWriter;
import dev.skerry.wire.Fields;
import dev.skerry.wire.Op;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Services on the sandbox's own loopback. The sandbox needs no network for this. */
public final class GuestPorts {
    private static final Duration DIAL_BOUND = Duration.ofSeconds(10);
    private static final int PORTS_MAX = 65_535;
    private final GuestConnection connection;

    GuestPorts(GuestConnection connection) {
        this.connection = connection;
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

    /** Connects to 127.0.0.1 inside. */
    public Connection dial(int port) throws InterruptedException {
        if (port < 1 || port > PORTS_MAX) {
            throw new Failure(ErrorCode.INVALID_REQUEST, port + " is not a port", "ports are 1 to 65535");
        }
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

package dev.skerry.host.stream;

import dev.skerry.wire.Fields;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.time.Duration;
import java.util.Optional;

/** Changes below a folder. */
public final class Watch implements AutoCloseable {
    private final GuestConnection connection;
    private final GuestChannel channel;

    Watch(GuestConnection connection, GuestChannel channel) {
        this.connection = connection;
        this.channel = channel;
    }

    /** What happened. */
    public enum Kind {
        CREATE,
        WRITE,
        REMOVE,
        RENAME,
        PERMISSIONS,
        /** Some changes were lost: look again. */
        OVERFLOW
    }

    /** @param path relative to the folder */
    public record Change(Kind kind, String path) {}

    /** The next change, if one comes in that time and the folder still exists. */
    public Optional<Change> poll(Duration bound) throws InterruptedException {
        Optional<Fields> event = channel.pollEvent(bound);
        if (event.isEmpty()) {
            return Optional.empty();
        }
        try {
            long kind = event.get().require(Tag.KIND);
            if (kind < 1 || kind > Kind.values().length) {
                throw new ProtocolViolation("a change of kind " + kind);
            }
            return Optional.of(new Change(
                    Kind.values()[(int) kind - 1], event.get().text(Tag.PATH).orElse("")));
        } catch (ProtocolViolation e) {
            throw GuestErrors.broken(e);
        }
    }

    /** Nothing more will come. */
    public boolean ended() {
        return channel.ended();
    }

    @Override
    public void close() {
        connection.cancel(channel);
    }
}

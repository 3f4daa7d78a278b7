package dev.skerry.wire.stream;

import dev.skerry.wire.Fields;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.time.Duration;
import java.util.Optional;

/** Changes below a folder. */
public final class Watch implements AutoCloseable {
    private final GuestChannel channel;

    Watch(GuestChannel channel) {
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
    public record Change(Kind kind, String path) {
        static Change of(Fields event) throws ProtocolViolation {
            int kind = (int) event.require(Tag.KIND, 1, Kind.values().length);
            return new Change(
                    Kind.values()[kind - 1],
                    FileInfo.relative(event.text(Tag.PATH).orElse("")));
        }
    }

    /** The next change, if one comes in that time and the folder still exists. */
    public Optional<Change> poll(Duration bound) throws InterruptedException {
        return channel.pollEvent(bound);
    }

    /** Nothing more will come. */
    public boolean ended() {
        return channel.ended();
    }

    @Override
    public void close() {
        channel.cancel();
    }
}

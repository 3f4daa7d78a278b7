package dev.skerry.wire.stream;

import dev.skerry.wire.Fields;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.io.OutputStream;
import java.time.Duration;

/** Bytes on their way into the sandbox. Closing without {@link #finish} gives it up. */
public final class Upload implements AutoCloseable {
    private static final Duration FINISH_BOUND = Duration.ofMinutes(10);

    private final GuestConnection connection;
    private final GuestChannel channel;
    private final GuestOutput output;

    Upload(GuestConnection connection, GuestChannel channel) {
        this.connection = connection;
        this.channel = channel;
        this.output = new GuestOutput(connection, channel);
    }

    public OutputStream output() {
        return output;
    }

    /** Sends the end, and does not wait. */
    public void end() {
        output.close();
    }

    /** Sends the end and waits until all of it is in place. Bytes taken. */
    public long finish() throws InterruptedException {
        output.close();
        Fields end = channel.awaitEnd(FINISH_BOUND);
        try {
            return end.optional(Tag.SIZE, 0, Long.MAX_VALUE);
        } catch (ProtocolViolation e) {
            throw connection.broken(e);
        }
    }

    @Override
    public void close() {
        channel.cancel();
    }
}

package dev.skerry.wire.stream;

import dev.skerry.wire.FieldWriter;
import dev.skerry.wire.Fields;
import dev.skerry.wire.Op;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Processes that were started through any connection. */
public final class GuestProcesses {
    private static final Duration ANSWER_BOUND = Duration.ofSeconds(30);
    private final GuestConnection connection;

    GuestProcesses(GuestConnection connection) {
        this.connection = connection;
    }

    /**
     * One of them.
     *
     * @param exit empty while it runs
     */
    public record Listed(
            long process, int pid, String tag, String program, boolean terminal, Optional<ProcessExit> exit) {}

    /** The newest 1,024, or as many as fit one frame. */
    public List<Listed> list() throws InterruptedException {
        Fields answer = connection.call(Op.LIST, new FieldWriter());
        try {
            List<Listed> found = new ArrayList<>();
            for (Fields entry : answer.nested(Tag.ENTRY)) {
                boolean running = entry.number(Tag.RUNNING, 0) != 0;
                found.add(new Listed(
                        entry.require(Tag.PROCESS, 1, Long.MAX_VALUE),
                        (int) entry.optional(Tag.PID, 0, Integer.MAX_VALUE),
                        entry.text(Tag.TAG).orElse(""),
                        entry.text(Tag.ARG).orElse(""),
                        entry.number(Tag.PTY, 0) != 0,
                        running ? Optional.empty() : Optional.of(ProcessExit.of(entry))));
            }
            return found;
        } catch (ProtocolViolation e) {
            throw connection.broken(e);
        }
    }

    /** Shows a process here, from the oldest byte that nobody has acknowledged. */
    public GuestProcess attach(long process) throws InterruptedException {
        return attach(process, List.of());
    }

    /** Shows a process here, from offsets that the caller remembers. */
    public GuestProcess attach(long process, long stdoutOffset, long stderrOffset) throws InterruptedException {
        return attach(process, List.of(stdoutOffset, stderrOffset));
    }

    private GuestProcess attach(long process, List<Long> from) throws InterruptedException {
        FieldWriter request = new FieldWriter().number(Tag.PROCESS, process);
        from.forEach(offset -> request.number(Tag.OFFSET, offset));
        GuestChannel channel = connection.open(Op.ATTACH, request);
        Fields accepted = channel.awaitResponse(ANSWER_BOUND);
        try {
            if (accepted.require(Tag.PROCESS) != process) {
                throw new ProtocolViolation("another process than the one asked for");
            }
            return GuestProcess.attached(connection, channel, accepted, from);
        } catch (ProtocolViolation e) {
            throw connection.broken(e);
        }
    }
}

package dev.skerry.wire.stream;

import dev.skerry.wire.Failure;
import dev.skerry.wire.FieldWriter;
import dev.skerry.wire.Fields;
import dev.skerry.wire.Op;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A process inside that this connection shows. Both outputs should be read, or the process blocks once 256 KiB of one
 * wait; the end comes after the last byte. Thread-safe.
 */
public final class GuestProcess {
    private static final int STDOUT = 1;
    private static final int STDERR = 2;

    private final GuestConnection connection;
    private final GuestChannel channel;
    private final long process;
    private final int pid;
    private final List<Long> offsets;
    private final List<Long> lost;
    private final OutputStream stdin;
    private final InputStream stdout;
    private final InputStream stderr;

    private GuestProcess(
            GuestConnection connection, GuestChannel channel, Fields accepted, List<Long> offsets, List<Long> lost)
            throws ProtocolViolation {
        this.connection = connection;
        this.channel = channel;
        this.process = accepted.require(Tag.PROCESS, 1, Long.MAX_VALUE);
        this.pid = (int) accepted.optional(Tag.PID, 0, Integer.MAX_VALUE);
        this.offsets = offsets;
        this.lost = lost;
        this.stdin = new GuestOutput(connection, channel);
        this.stdout = new GuestInput(channel, STDOUT, false);
        this.stderr = new GuestInput(channel, STDERR, false);
    }

    static GuestProcess started(GuestConnection connection, GuestChannel channel, Fields accepted)
            throws ProtocolViolation {
        return new GuestProcess(connection, channel, accepted, List.of(0L, 0L), List.of(0L, 0L));
    }

    /** @param asked the offsets that were asked for; none: wherever the guest starts */
    static GuestProcess attached(GuestConnection connection, GuestChannel channel, Fields accepted, List<Long> asked)
            throws ProtocolViolation {
        List<Long> offsets = accepted.numbers(Tag.OFFSET);
        List<Long> lost = accepted.numbers(Tag.LOST);
        for (List<Long> pair : List.of(offsets, lost)) {
            if (pair.size() != 2 || pair.stream().anyMatch(number -> number < 0)) {
                throw new ProtocolViolation("offsets " + offsets + " with " + lost + " lost");
            }
        }
        for (int i = 0; i < asked.size(); i++) {
            // Earlier, and bytes would come twice; later, and they would be missing unsaid.
            if (offsets.get(i) - lost.get(i) != asked.get(i)) {
                throw new ProtocolViolation("offsets " + offsets + ", " + lost + " lost, for " + asked);
            }
        }
        return new GuestProcess(connection, channel, accepted, offsets, lost);
    }

    /** guestd's number of it, by which it is attached to again. */
    public long process() {
        return process;
    }

    /** As inside the sandbox. */
    public int pid() {
        return pid;
    }

    public OutputStream stdin() {
        return stdin;
    }

    public InputStream stdout() {
        return stdout;
    }

    public InputStream stderr() {
        return stderr;
    }

    /**
     * Waits for the end, which comes behind the last byte of output; empty when it has not come in that time.
     *
     * @throws Failure {@code CONFLICT} when the process was let go or another connection shows it; {@code SANDBOX_GONE}
     */
    public Optional<ProcessExit> await(Duration bound) throws InterruptedException {
        Optional<Fields> end = channel.pollEnd(bound);
        try {
            return end.isPresent() ? Optional.of(ProcessExit.of(end.get())) : Optional.empty();
        } catch (ProtocolViolation e) {
            throw connection.broken(e);
        }
    }

    /** Whom a signal reaches. */
    public enum Scope {
        PROCESS,
        GROUP,
        /** All descendants, if the process was started as a tree. */
        TREE
    }

    /** @param signal its number on Linux */
    public void signal(int signal, Scope scope) throws InterruptedException {
        connection.call(Op.SIGNAL, request().number(Tag.SIGNAL, signal).number(Tag.SCOPE, scope.ordinal()));
    }

    /**
     * Lets a process go on that was started ahead of its use, and stopped. Its time counts from now.
     *
     * @param limits none may be wider than what it was started with
     * @param timeout after which it is killed
     * @throws Failure {@code CONFLICT} when it has ended
     */
    public void release(List<ExecRequest.ResourceLimit> limits, Optional<Duration> timeout)
            throws InterruptedException {
        connection.call(Op.RELEASE, ExecRequest.bounds(request(), limits, timeout));
    }

    public void resize(ExecRequest.TerminalSize size) throws InterruptedException {
        connection.call(Op.RESIZE, request().number(Tag.ROWS, size.rows()).number(Tag.COLS, size.columns()));
    }

    /** Removes an ended process from the list, with whatever output was not read. */
    public void forget() throws InterruptedException {
        connection.call(Op.FORGET, request());
    }

    /** Lets go of the process, which runs on. */
    public void detach() {
        channel.cancel();
    }

    /** Everything that was taken from the outputs is done with: an attach after this starts behind it. */
    public void acknowledge() {
        channel.inbound(STDOUT).acknowledge(true);
        channel.inbound(STDERR).acknowledge(true);
    }

    /** Of an attach: the offsets (stdout, stderr) at which delivery starts. */
    public List<Long> offsets() {
        return offsets;
    }

    /** Of an attach: bytes (stdout, stderr) that are missing before the offsets. */
    public List<Long> lost() {
        return lost;
    }

    private FieldWriter request() {
        return new FieldWriter().number(Tag.PROCESS, process);
    }
}

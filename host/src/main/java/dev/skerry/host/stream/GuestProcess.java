package dev.skerry.host.stream;

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
import java.util.List;
import java.util.Optional;

/**
 * A process inside that this connection shows. Both outputs should be read, or the process blocks once 256 KiB of one wait; the end
 * comes after the last byte. Thread-safe.
 */
public final class GuestProcess {
    private static final int STDOUT = 1;
    private static final int STDERR = 2;

    private final GuestConnection connection;
    private final GuestChannel channel;
    private final Fields accepted;
    private final long process;
    private final int pid;
    private final OutputStream stdin;
    private final InputStream stdout;
    private final InputStream stderr;

    GuestProcess(GuestConnection connection, GuestChannel channel, Fields accepted) {
        this.connection = connection;
        this.channel = channel;
        this.accepted = accepted;
        try {
            this.process = accepted.require(Tag.PROCESS);
            this.pid = Math.toIntExact(accepted.number(Tag.PID, 0));
        } catch (ProtocolViolation e) {
            throw GuestErrors.broken(e);
        }
        this.stdin = new GuestOutput(connection, channel);
        this.stdout = new GuestInput(connection, channel, STDOUT, false);
        this.stderr = new GuestInput(connection, channel, STDERR, false);
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

    /** Waits for the end and for all output to be consumed; empty when neither has come in that time. */
    public Optional<ProcessExit> await(Duration bound) throws InterruptedException {
        Optional<Fields> end = channel.pollEnd(bound);
        return end.map(fields -> {
            try {
                if (fields.number(Tag.CANCELLED, 0) != 0) {
                    throw new Failure(
                            ErrorCode.CONFLICT, "process " + process + " is shown by another connection or was let go");
                }
                return ProcessExit.of(fields);
            } catch (ProtocolViolation e) {
                throw GuestErrors.broken(e);
            }
        });
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
        connection.call(request(Op.SIGNAL).number(Tag.SIGNAL, signal).number(Tag.SCOPE, scope.ordinal()));
    }

    public void resize(ExecRequest.TerminalSize size) throws InterruptedException {
        connection.call(request(Op.RESIZE).number(Tag.ROWS, size.rows()).number(Tag.COLS, size.columns()));
    }

    /** Removes an ended process from the list, with whatever output was not read. */
    public void forget() throws InterruptedException {
        connection.call(request(Op.FORGET));
    }

    /** Lets go of the process, which runs on. */
    public void detach() {
        connection.cancel(channel);
    }

    /** Everything that was taken from the outputs is done with: an attach after this starts behind it. */
    public void acknowledge() {
        channel.acknowledge(STDOUT, true);
        channel.acknowledge(STDERR, true);
    }

    /** Of an attach: the offsets (stdout, stderr) at which delivery starts. */
    public List<Long> offsets() {
        return numbers(Tag.OFFSET);
    }

    /** Of an attach: bytes (stdout, stderr) that are missing before the offsets. */
    public List<Long> lost() {
        return numbers(Tag.LOST);
    }

    private List<Long> numbers(Tag tag) {
        try {
            List<Long> found = accepted.numbers(tag);
            return found.isEmpty() ? List.of(0L, 0L) : found;
        } catch (ProtocolViolation e) {
            throw GuestErrors.broken(e);
        }
    }

    private FieldWriter request(Op op) {
        return new FieldWriter().number(Tag.OP, op.number()).number(Tag.PROCESS, process);
    }
}

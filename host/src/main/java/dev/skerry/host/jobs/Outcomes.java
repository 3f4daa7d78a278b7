package dev.skerry.host.jobs;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.jobs.StageOutcome;
import dev.skerry.wire.jobs.StageOutcome.Status;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** Says of a stage's end what a server is told of it. */
final class Outcomes {
    private static final byte[] NOTHING = {};
    private static final int SIGKILL = 9;
    private static final int CANNOT_START = 126;
    private static final int NO_SUCH_COMMAND = 127;

    /** What there is of a process that never was. */
    static final JobSandbox.JobProcess NO_PROCESS = new JobSandbox.JobProcess() {
        @Override
        public OutputStream stdin() {
            return OutputStream.nullOutputStream();
        }

        @Override
        public InputStream stdout() {
            return InputStream.nullInputStream();
        }

        @Override
        public InputStream stderr() {
            return InputStream.nullInputStream();
        }

        @Override
        public void resize(JobSandbox.TerminalSize size) {}

        @Override
        public void signal(int number) {}

        @Override
        public void kill() {}

        @Override
        public Optional<JobSandbox.Exit> await(Duration limit) {
            return Optional.empty();
        }
    };

    private Outcomes() {}

    /** @param cancelled somebody outside has ended it, unless it was faster */
    static StageOutcome of(StageRun.Ended ended, byte[] stdout, byte[] stderr, boolean cancelled) {
        return new StageOutcome(
                cancelled && wasKilled(ended) ? Status.CANCELLED : status(ended),
                ended.exit().code(),
                ended.exit().signal(),
                ended.wall(),
                ended.cpu(),
                ended.memoryPeakBytes(),
                stdout,
                ended.stdout().truncated(),
                stderr,
                ended.stderr().truncated());
    }

    private static boolean wasKilled(StageRun.Ended ended) {
        return ended.exit().signal().orElse(0) == SIGKILL || ended.exit().code().isEmpty();
    }

    private static Status status(StageRun.Ended ended) {
        return switch (StageEnd.decide(ended.facts())) {
            case OK -> Status.OK;
            case RUNTIME_ERROR, COMPILE_ERROR -> Status.RUNTIME_ERROR;
            case SIGNALLED -> Status.SIGNALLED;
            case TIMED_OUT -> Status.TIMED_OUT;
            case CPU_TIME_EXCEEDED -> Status.CPU_TIME_EXCEEDED;
            case OUT_OF_MEMORY -> Status.OUT_OF_MEMORY;
            case OUTPUT_LIMIT -> ended.stdout().truncated() ? Status.STDOUT_LIMIT : Status.STDERR_LIMIT;
            case SANDBOX_ERROR -> Status.SANDBOX_ERROR;
        };
    }

    /** Of a stage that was not begun. */
    static StageOutcome without(Status status) {
        return outcome(status, OptionalInt.empty(), NOTHING);
    }

    /** Of a command that there is not, or that may not be run: the exit codes of a shell. */
    static StageOutcome notStarted(ErrorCode why, byte[] message) {
        return outcome(
                Status.RUNTIME_ERROR,
                OptionalInt.of(why == ErrorCode.NOT_FOUND ? NO_SUCH_COMMAND : CANNOT_START),
                message);
    }

    /** Of one that nobody waited for. */
    static StageOutcome cancelled(byte[] stdout, byte[] stderr) {
        return new StageOutcome(
                Status.CANCELLED,
                OptionalInt.empty(),
                OptionalInt.empty(),
                Duration.ZERO,
                Duration.ZERO,
                0,
                stdout,
                false,
                stderr,
                false);
    }

    private static StageOutcome outcome(Status status, OptionalInt exitCode, byte[] stderr) {
        return new StageOutcome(
                status, exitCode, OptionalInt.empty(), Duration.ZERO, Duration.ZERO, 0, NOTHING, false, stderr, false);
    }
}

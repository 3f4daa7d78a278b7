package dev.skerry.cli;

import dev.skerry.host.jobs.JobResult;
import dev.skerry.host.jobs.JobStatus;

/**
 * The exit codes of the command. A program's own exit code is passed through, so these are the ones that shells,
 * {@code timeout}(1) and container tools use for the same things.
 */
final class ExitCode {
    static final int OK = 0;
    /** Also a compile error, as from a compiler. */
    static final int ERROR = 1;

    static final int USAGE = 2;
    static final int TIMED_OUT = 124;
    /** Skerry or the sandbox failed, not the program. */
    static final int SANDBOX_ERROR = 125;

    /** There is such a command, but it cannot be started. */
    static final int CANNOT_START = 126;

    static final int NO_COMMAND = 127;

    static final int SIGNAL_BASE = 128;
    /** As after SIGKILL, which is what the kernel sends. */
    static final int OUT_OF_MEMORY = SIGNAL_BASE + 9;
    /** As after SIGPIPE. */
    static final int NOBODY_READS = SIGNAL_BASE + 13;
    /** As after SIGXCPU. */
    static final int CPU_TIME_EXCEEDED = SIGNAL_BASE + 24;
    /** As after SIGXFSZ. */
    static final int OUTPUT_LIMIT = SIGNAL_BASE + 25;

    private ExitCode() {}

    static int of(JobResult result) {
        return switch (result.status()) {
            case OK -> OK;
            case COMPILE_ERROR -> ERROR;
            case RUNTIME_ERROR, SIGNALLED -> result.run().map(ExitCode::ofStage).orElse(SANDBOX_ERROR);
            case TIMED_OUT -> TIMED_OUT;
            case CPU_TIME_EXCEEDED -> CPU_TIME_EXCEEDED;
            case OUT_OF_MEMORY -> OUT_OF_MEMORY;
            case OUTPUT_LIMIT -> OUTPUT_LIMIT;
            case SANDBOX_ERROR -> SANDBOX_ERROR;
        };
    }

    private static int ofStage(JobResult.Stage stage) {
        return stage.status() == JobStatus.SIGNALLED
                ? SIGNAL_BASE + stage.signal().orElse(0)
                : stage.exitCode().orElse(SANDBOX_ERROR);
    }
}

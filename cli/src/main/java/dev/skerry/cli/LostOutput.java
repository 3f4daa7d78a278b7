package dev.skerry.cli;

import java.io.IOException;
import java.io.PrintStream;

/** What a command had to say did not reach standard output, or not all of it. */
final class LostOutput extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** The JDK has the words of strerror(3) for EPIPE, and nothing else to tell it by. */
    static final String NOBODY_READS = "Broken pipe";

    private final boolean nobodyReads;

    LostOutput(IOException cause) {
        super(cause.getMessage(), cause);
        this.nobodyReads = NOBODY_READS.equals(cause.getMessage());
    }

    /** Whoever stopped reading, as {@code head} does, knows it. @return the exit code */
    int tell(PrintStream stderr) {
        if (nobodyReads) {
            return ExitCode.NOBODY_READS;
        }
        stderr.println("skerry: standard output cannot be written: " + getMessage());
        stderr.println("hint: write to where there is room; what the command did before that stays done");
        return ExitCode.SANDBOX_ERROR;
    }
}

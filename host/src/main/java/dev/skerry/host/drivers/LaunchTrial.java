package dev.skerry.host.drivers;

import java.nio.file.Path;
import java.util.List;

/**
 * Whether the launcher of our own can start a sandbox on this host: in a container it may lack a right, under an old
 * kernel a system call.
 *
 * @param problem empty when it works
 */
record LaunchTrial(String problem) {
    private static final String DONE = "it works";

    /** Starts one and ends it; some 10 ms. */
    static LaunchTrial of(Path guestd) {
        String said = RuntimeProgram.output(List.of(guestd.toString(), "trial")).strip();
        if (said.equals(DONE)) {
            return new LaunchTrial("");
        }
        return new LaunchTrial(said.isEmpty() ? guestd + " cannot be run" : said);
    }

    /** For whoever asks what this host has. */
    Driver.Finding finding() {
        String detail = works() ? "starts sandboxes without a runtime" : "does not work here: " + problem;
        return new Driver.Finding(LaunchDriver.NAME, works(), detail, "");
    }

    boolean works() {
        return problem.isEmpty();
    }
}

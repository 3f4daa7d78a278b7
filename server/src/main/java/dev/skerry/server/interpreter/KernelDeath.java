package dev.skerry.server.interpreter;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.ProcessExit;
import java.time.Instant;
import java.util.Optional;

/** How a kernel's end is told. */
final class KernelDeath {
    private static final int NOT_FOUND = 127;
    private static final int SIGKILL = 9;

    private KernelDeath() {}

    /** The last words of an execution. */
    static void tell(Execution execution, Language language, Optional<ProcessExit> exit) {
        try {
            String how = how(exit);
            if (language == Language.BASH && exit.filter(ProcessExit::success).isPresent()) {
                execution.add(Lines.output("stderr", "the shell has ended; its variables are gone\n", Instant.EPOCH));
            } else {
                String value = "the " + language.title() + " kernel " + how
                        + "; its variables are gone, the next execution starts with a new one";
                execution.add(Lines.error("KernelDied", value, "KernelDied: " + value));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            execution.end();
        }
    }

    private static String how(Optional<ProcessExit> exit) {
        if (exit.isEmpty()) {
            return "has ended";
        }
        ProcessExit end = exit.get();
        if (end.signal() == SIGKILL) {
            return "was killed, by a restart or for want of memory";
        }
        return end.signal() > 0 ? "was ended by signal " + end.signal() : "ended with exit status " + end.code();
    }

    /** A cell of Bash whose last command failed. */
    static byte[] status(int status) {
        String text = "the last command ended with exit status " + status;
        return Lines.error("ExitStatus", Integer.toString(status), text);
    }

    /** @param words what it said on stderr */
    static Failure atStart(Language language, Optional<ProcessExit> exit, String words) {
        if (exit.filter(end -> end.code() == NOT_FOUND).isPresent()) {
            return missing(language);
        }
        String said = words.isBlank() ? "" : ": " + words.strip();
        return new Failure(
                ErrorCode.UNSUPPORTED, "the " + language.title() + " kernel " + how(exit) + " while it started" + said);
    }

    static Failure missing(Language language) {
        return new Failure(
                ErrorCode.NOT_FOUND,
                language.title() + " needs '" + language.program() + "', which this sandbox does not have",
                "use a template that has it");
    }
}

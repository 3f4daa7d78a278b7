package dev.skerry.host.jobs.prestart;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.skerry.host.jobs.JobSandbox.Exit;
import dev.skerry.host.jobs.JobSandbox.JobProcess;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** What came of a program, without what is another thing each time: addresses, and its own number. */
record Observed(String stdout, String stderr, Exit exit) {
    private static final Duration BOUND = Duration.ofSeconds(30);

    static Observed of(JobProcess process, byte[] stdin) {
        var stdout = CompletableFuture.supplyAsync(() -> text(process.stdout()), Thread::startVirtualThread);
        var stderr = CompletableFuture.supplyAsync(() -> text(process.stderr()), Thread::startVirtualThread);
        try (OutputStream to = process.stdin()) {
            to.write(stdin);
        } catch (IOException e) {
            // It has closed its input, as it may.
        }
        Exit exit = process.await(BOUND).orElseThrow();
        return new Observed(stdout.join(), stderr.join(), exit);
    }

    private static String text(InputStream stream) {
        try {
            return new String(stream.readAllBytes(), ISO_8859_1)
                    .replaceAll("0x[0-9a-f]{6,}", "0x…")
                    .replaceAll("\\(node:\\d+\\)", "(node)");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The first line that differs, of each; empty when nothing does. */
    static String difference(Observed one, Observed other) {
        return difference("stdout", one.stdout, other.stdout)
                + difference("stderr", one.stderr, other.stderr)
                + (one.exit.equals(other.exit) ? "" : "end: " + one.exit + "\n but: " + other.exit + "\n");
    }

    private static String difference(String what, String one, String other) {
        if (one.equals(other)) {
            return "";
        }
        String[] lines = one.split("\n", -1);
        String[] others = other.split("\n", -1);
        int at = 0;
        while (at < Math.min(lines.length, others.length) && lines[at].equals(others[at])) {
            at++;
        }
        return what + ": " + (at < lines.length ? lines[at] : "(end)") + "\n   but: "
                + (at < others.length ? others[at] : "(end)") + "\n";
    }
}

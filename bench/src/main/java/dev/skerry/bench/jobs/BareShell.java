package dev.skerry.bench.jobs;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Runs commands bare, one after the other, for as little as it can cost: a small resident shell forks them. A process
 * builder of a JVM would add 2 ms to each, and flatter whatever is compared with it.
 */
public final class BareShell implements Closeable {
    private static final String END = "-end-";
    private static final String LOOP = "while read -r line; do eval \"$line\"; echo " + END + "; done";

    private final Process shell;
    private final BufferedWriter to;
    private final BufferedReader from;

    public BareShell() throws IOException {
        shell = new ProcessBuilder("/bin/sh", "-c", LOOP)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        to = shell.outputWriter(StandardCharsets.UTF_8);
        from = shell.inputReader(StandardCharsets.UTF_8);
    }

    /**
     * Milliseconds until its output has come and it has ended.
     *
     * @param expected all that it prints, without the last line feed
     */
    public double run(String command, String expected) throws IOException {
        long begin = System.nanoTime();
        to.write(command + "\n");
        to.flush();
        StringBuilder printed = new StringBuilder();
        String line = from.readLine();
        while (line != null && !line.equals(END)) {
            printed.append(line);
            line = from.readLine();
        }
        double millis = (System.nanoTime() - begin) / 1e6;
        if (!printed.toString().equals(expected)) {
            throw new IOException("a bare process printed '" + printed + "', not '" + expected + "'");
        }
        return millis;
    }

    @Override
    public void close() throws IOException {
        try (to;
                from) {
            shell.destroy();
        }
        try {
            if (!shell.waitFor(Duration.ofSeconds(2).toMillis(), TimeUnit.MILLISECONDS)) {
                shell.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

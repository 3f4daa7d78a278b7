package dev.skerry.cli;

import dev.skerry.testkit.ExclusiveFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The shipped {@code ./skerry}, started as a user starts it, on a data folder of the tests' own. */
final class Shipped implements AutoCloseable {
    static final Path ROOT =
            Path.of(System.getProperty("skerry.root", "..")).toAbsolutePath().normalize();
    static final Path DATA =
            ExclusiveFolder.of(Path.of("/var/tmp/skerry-cli-it")).path();
    private static final Duration BOUND = Duration.ofSeconds(Integer.getInteger("skerry.test.bound-seconds", 90));

    private final Process process;
    private final Drain out;
    private final Drain err;

    private Shipped(Process process) {
        this.process = process;
        this.out = new Drain(process.getInputStream());
        this.err = new Drain(process.getErrorStream());
    }

    @SuppressWarnings("ArrayRecordComponent") // looked at, never compared
    record Result(int code, byte[] stdout, String err) {
        String out() {
            return new String(stdout, StandardCharsets.UTF_8);
        }
    }

    /** What the launcher runs. */
    static Path dist() {
        String said = System.getenv("SKERRY_DIST");
        return said == null ? ROOT.resolve(".skerry/dist") : Path.of(said);
    }

    /** Runs to the end with empty input. */
    static Result skerry(String... arguments) {
        return skerry(new byte[0], arguments);
    }

    static Result skerry(byte[] input, String... arguments) {
        try (Shipped running = start(arguments)) {
            running.type(input);
            running.endInput();
            return running.await();
        }
    }

    static Shipped start(String... arguments) {
        List<String> command = new ArrayList<>(List.of(ROOT.resolve("skerry").toString()));
        command.addAll(List.of(arguments));
        return startProgram(command);
    }

    /** With the signals of a login: whatever a shell starts in the background ignores Ctrl-C, and all below it too. */
    static Shipped startProgram(List<String> command) {
        List<String> words = new ArrayList<>(List.of("/usr/bin/env", "--default-signal=INT,QUIT"));
        words.addAll(command);
        var builder = new ProcessBuilder(words);
        builder.environment().put("SKERRY_DATA", DATA.toString());
        try {
            return new Shipped(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void type(String text) {
        type(text.getBytes(StandardCharsets.UTF_8));
    }

    void type(byte[] bytes) {
        try {
            process.getOutputStream().write(bytes);
            process.getOutputStream().flush();
        } catch (IOException e) {
            // It ended without reading everything, which some tests are about.
        }
    }

    void endInput() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            // As above.
        }
    }

    /** Waits until standard output contains the text. */
    void awaitOutput(String text) {
        out.awaitText(text, BOUND);
    }

    String outputSoFar() {
        return out.text();
    }

    /** @param name as kill(1) has it */
    void signal(String name) {
        startProgram(List.of("/bin/kill", "-" + name, Long.toString(process.pid())))
                .await();
    }

    Result await() {
        try {
            if (!process.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError(
                        "still running after " + BOUND + "; output so far: " + out.text() + err.text());
            }
            return new Result(process.exitValue(), out.join(), new String(err.join(), StandardCharsets.UTF_8));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /** Collects what a process writes. */
    private static final class Drain {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final Thread thread;
        private boolean ended;

        Drain(InputStream from) {
            thread = Thread.ofVirtual().start(() -> copy(from));
        }

        private void copy(InputStream from) {
            byte[] buffer = new byte[64 << 10];
            try (from) {
                for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
                    put(buffer, n);
                }
            } catch (IOException e) {
                // Closed by the end of the process.
            }
            end();
        }

        private synchronized void put(byte[] buffer, int n) {
            bytes.write(buffer, 0, n);
            notifyAll();
        }

        private synchronized void end() {
            ended = true;
            notifyAll();
        }

        synchronized String text() {
            return bytes.toString(StandardCharsets.UTF_8);
        }

        synchronized void awaitText(String text, Duration bound) {
            long end = System.nanoTime() + bound.toNanos();
            try {
                while (!text().contains(text)) {
                    long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                    if (left <= 0 || ended) {
                        throw new AssertionError("no '" + text + "' in: " + text());
                    }
                    wait(left);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError(e);
            }
        }

        byte[] join() throws InterruptedException {
            thread.join(BOUND);
            synchronized (this) {
                return bytes.toByteArray();
            }
        }
    }
}

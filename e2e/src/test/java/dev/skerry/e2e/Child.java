package dev.skerry.e2e;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program that a test starts; what it writes, on both streams, is kept and shown when something goes wrong. */
final class Child implements AutoCloseable {
    private static final int KEPT_BYTES_MAX = 32 << 20;

    private final List<String> command;
    private final Process process;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Thread reader;

    private Child(List<String> command, Process process) {
        this.command = command;
        this.process = process;
        this.reader = Thread.ofVirtual().start(() -> copy(process.getInputStream()));
    }

    /** @param environment the whole of it; nothing is inherited */
    static Child start(List<String> command, Path folder, Map<String, String> environment) {
        var builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        builder.environment().clear();
        builder.environment().putAll(environment);
        try {
            return new Child(command, builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException("could not start " + command.getFirst(), e);
        }
    }

    /** Runs to the end and returns what was written; fails, quoting it, unless the exit code is 0. */
    static String run(List<String> command, Path folder, Map<String, String> environment, Duration bound) {
        try (Child child = start(command, folder, environment)) {
            int code = child.await(bound);
            if (code != 0) {
                throw new AssertionError(command + " ended with " + code + ":\n" + child.output());
            }
            return child.output();
        }
    }

    private void copy(InputStream from) {
        byte[] buffer = new byte[64 << 10];
        try (from) {
            for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
                keep(buffer, n);
            }
        } catch (IOException e) {
            // The process ended.
        }
    }

    private synchronized void keep(byte[] buffer, int n) {
        bytes.write(buffer, 0, Math.min(n, KEPT_BYTES_MAX - bytes.size()));
    }

    synchronized String output() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /** Launchers become what they launch, so this is its number, too. */
    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** The exit code. */
    int await(Duration bound) {
        try {
            if (!process.waitFor(bound.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(command + " was still running after " + bound + ":\n" + output());
            }
            reader.join(Duration.ofSeconds(10));
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting for " + command.getFirst(), e);
        }
    }

    void terminate() {
        process.destroy();
    }

    /** As {@code kill -9}. */
    void kill() {
        process.destroyForcibly();
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}

package dev.skerry.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A program of the host that a test needs.
 *
 * @param environment what it has besides this process's variables
 */
record Tool(String program, String debianPackage, Map<String, String> environment) {
    /** What Debian's kernel package asks: no initial RAM disk, because the drivers are in the kernel. */
    static final Tool MMDEBSTRAP = new Tool("mmdebstrap", "mmdebstrap", Map.of("INITRD", "No"));

    static final Tool MKE2FS = new Tool("mke2fs", "e2fsprogs", Map.of());
    static final Tool TAR = new Tool("tar", "tar", Map.of());
    static final Tool QEMU = new Tool("qemu-system-x86_64", "qemu-system-x86", Map.of());

    /**
     * Runs it to its end and kills it when that takes too long.
     *
     * @param output file that gets what it prints
     */
    void run(Path output, Duration bound, List<String> arguments) throws IOException, InterruptedException {
        Process process = start(output, arguments);
        try {
            if (!process.waitFor(bound.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError(program + " still runs after " + bound + ": " + tail(output));
            }
            if (process.exitValue() != 0) {
                throw new AssertionError(program + " ended with " + process.exitValue() + ": " + tail(output));
            }
        } finally {
            // User-mode Linux has a process for each of its processes.
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
    }

    private Process start(Path output, List<String> arguments) {
        var command = new ProcessBuilder(program);
        command.command().addAll(arguments);
        command.environment().putAll(environment);
        command.redirectErrorStream(true)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(output.toFile());
        try {
            return command.start();
        } catch (IOException e) {
            throw new AssertionError(program + " is missing; install it with: apt-get install " + debianPackage, e);
        }
    }

    private static String tail(Path output) throws IOException {
        List<String> lines = Files.readString(output).lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
    }
}

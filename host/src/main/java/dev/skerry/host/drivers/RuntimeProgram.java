package dev.skerry.host.drivers;

import dev.skerry.host.drivers.Driver.Finding;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * An installed OCI runtime.
 *
 * @param name {@code crun}, {@code runc} or {@code runsc}
 */
public record RuntimeProgram(String name, Path path) {
    private static final List<String> FOLDERS =
            List.of("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin");

    /** Found in the system's program folders; the caller's PATH does not decide what runs as root. */
    public static Optional<RuntimeProgram> find(String name) {
        return FOLDERS.stream()
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .map(path -> new RuntimeProgram(name, real(path)))
                .findFirst();
    }

    public boolean isCrun() {
        return name.equals("crun");
    }

    /** Name and version as it prints them; starts the program. */
    public String description() {
        String output = output(List.of(path.toString(), "--version"));
        return Arrays.stream(output.split("\n", -1))
                .filter(line -> line.contains("version"))
                .findFirst()
                .map(line -> name + " " + line.replaceFirst(".*version:?\\s*", ""))
                .orElse(name);
    }

    Finding finding() {
        return new Finding(name, true, description() + " at " + path, "");
    }

    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return path;
        }
    }

    /**
     * What a short-lived program prints, both streams together; empty when it cannot be started or takes longer than
     * 10 s.
     */
    static String output(List<String> command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .start();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return "";
            }
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }
}

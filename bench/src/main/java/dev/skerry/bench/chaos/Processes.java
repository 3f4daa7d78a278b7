package dev.skerry.bench.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Programs that run to their end, and signals to those that do not. */
final class Processes {
    private Processes() {}

    /** @throws IOException with what it said, unless it exits with 0 */
    static String run(String... command) throws IOException {
        Process process =
                new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int code = process.onExit().join().exitValue();
        if (code != 0) {
            throw new IOException(String.join(" ", command) + " ended with " + code + ": " + said.strip());
        }
        return said;
    }

    /**
     * Success when it is gone.
     *
     * @param name as kill(1) has it: {@code KILL}, {@code STOP}, {@code CONT}
     */
    static void signal(String name, long pid) {
        try {
            run("kill", "-" + name, Long.toString(pid));
        } catch (IOException e) {
            if (state(pid).isPresent()) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** The letter of proc_pid_stat(5), {@code R}, {@code S}, {@code T}…; empty when it is gone, or a zombie. */
    static Optional<String> state(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            String behindName = stat.substring(stat.lastIndexOf(')') + 2);
            return Optional.of(behindName.substring(0, 1)).filter(letter -> !letter.equals("Z"));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    static boolean stopped(long pid) {
        return state(pid).filter("T"::equals).isPresent();
    }

    /** Words of its command line; none when it is gone. */
    static List<String> words(long pid) {
        try {
            String line = Files.readString(Path.of("/proc", Long.toString(pid), "cmdline"));
            return line.isEmpty() ? List.of() : List.of(line.split("\0", -1));
        } catch (IOException e) {
            return List.of();
        }
    }
}

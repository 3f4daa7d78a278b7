package dev.skerry.host.templates.debian;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A program of this machine, run to its end with nothing on its standard input. It ends with this process. */
record Program(Path file) {
    private static final int SHOWN_LINES = 8;
    private static final Pattern ERROR = Pattern.compile("^E: |\\b[Ee]rror\\b");
    private static final List<String> FULL = List.of("No space left on device", "You don't have enough free space");

    /**
     * @param path folders, as in the variable of that name
     * @param debianPackage which brings it
     * @throws Failure {@code UNSUPPORTED} when it is in none of them
     */
    static Program find(String name, String path, String debianPackage) {
        return Stream.of(path.split(":", -1))
                .filter(folder -> folder.startsWith("/"))
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst()
                .map(Program::new)
                .orElseThrow(() -> new Failure(
                        ErrorCode.UNSUPPORTED,
                        "'" + name + "' is not on this machine, which makes packages of languages",
                        "apt-get install -y --no-install-recommends " + debianPackage));
    }

    /** What it writes to its standard output, while it runs. */
    interface Reader {
        void read(InputStream output) throws IOException;
    }

    /**
     * @param log gets what it says on standard error
     * @throws Failure {@code NO_SPACE} when that says so; {@code UNSUPPORTED} with its last lines when it fails
     */
    void run(List<String> arguments, Path log, Reader reader) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(file.toString()));
        command.addAll(arguments);
        var builder = new ProcessBuilder(command)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectError(log.toFile());
        builder.environment().put("LC_ALL", "C.UTF-8");
        // Debian's Python would compile its modules in a way that makes every start read their sources.
        builder.environment().remove("SOURCE_DATE_EPOCH");
        Process process = builder.start();
        Thread end = Thread.ofPlatform().name("end-program").unstarted(process::destroy);
        Runtime.getRuntime().addShutdownHook(end);
        try (var output = process.getInputStream()) {
            reader.read(output);
            output.transferTo(OutputStream.nullOutputStream());
            if (process.waitFor() != 0) {
                throw failed(process.exitValue(), log);
            }
        } finally {
            process.destroy();
            removeHook(end);
        }
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // This process is ending, and the hook runs.
        }
    }

    private Failure failed(int code, Path log) throws IOException {
        List<String> lines = new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.isBlank())
                .toList();
        if (lines.stream().anyMatch(line -> FULL.stream().anyMatch(line::contains))) {
            return new Failure(ErrorCode.NO_SPACE, "the disk of " + log.getParent() + " is full", "free some space");
        }
        // The first is the cause, and what follows is what came of it.
        List<String> wrong = lines.stream()
                .filter(line -> ERROR.matcher(line).find())
                .limit(SHOWN_LINES)
                .toList();
        List<String> last = lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size());
        String shown = String.join("\n", wrong.isEmpty() ? last : wrong);
        return new Failure(
                ErrorCode.UNSUPPORTED,
                file.getFileName() + " ended with " + code + (shown.isEmpty() ? "" : ":\n" + shown),
                hint(shown));
    }

    private static String hint(String shown) {
        boolean missing = shown.contains("Unable to locate package") || shown.contains("no installation candidate");
        return missing
                ? "the sources of this machine's apt lack it: Debian has all in 'main', Ubuntu in 'universe'"
                : "does 'apt-get update' work on this machine?";
    }
}

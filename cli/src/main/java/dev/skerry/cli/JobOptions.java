package dev.skerry.cli;

import dev.skerry.host.jobs.Language;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Quantity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What {@code skerry jobs run} hands in. */
final class JobOptions {
    /** Of one file; a server takes 8 MiB of everything. */
    private static final long FILE_BYTES_MAX = 6 << 20;

    @Parameters(index = "0", paramLabel = "FILE", description = "The program.")
    private Path file = Path.of("");

    @Parameters(index = "1..*", arity = "0..*", paramLabel = "ARGUMENT", description = "Its arguments.")
    private List<String> arguments = List.of();

    @Option(
            names = "--lang",
            paramLabel = "LANGUAGE[:VERSION]",
            description = "As in python or lua:5.4.6 (default: by the file's extension, newest version).")
    private Optional<String> language = Optional.empty();

    @Option(names = "--file", paramLabel = "FILE", description = "Another file beside the program; may be repeated.")
    private List<Path> files = List.of();

    @Option(
            names = "--case",
            paramLabel = "INPUT[:EXPECTED]",
            description = "File with an input, and one with what it should write; may be repeated.")
    private List<String> cases = List.of();

    @Option(names = "--compare", paramLabel = "KIND", description = "exact, token or float (default: token).")
    private Optional<String> compare = Optional.empty();

    @Option(names = "--stop-on-failure", description = "Run no more cases after one that is not accepted.")
    private boolean stopOnFailure;

    @Option(names = "--timeout", paramLabel = "TIME", description = "Of each case (default: 5s).")
    private Optional<Duration> timeout = Optional.empty();

    @Option(names = "--memory", paramLabel = "SIZE", description = "Of each case (default: the sandbox's).")
    private Optional<Long> memory = Optional.empty();

    @Option(names = "--isolation", paramLabel = "LEVEL", description = "Weakest that will do.")
    private Optional<Isolation> isolation = Optional.empty();

    @Option(names = "--label", paramLabel = "NAME=VALUE", description = "For rules of trust; may be repeated.")
    private List<String> labels = List.of();

    /** As the server takes it. */
    Map<String, Object> body() {
        Map<String, Object> body = new LinkedHashMap<>();
        String name = String.valueOf(file.getFileName());
        String chosen = language.or(() -> Language.ofFile(name).map(Language::label))
                .orElseThrow(() -> new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "'" + name + "' has no extension that names a language",
                        "add --lang, as in --lang python"));
        int colon = chosen.indexOf(':');
        body.put("language", colon < 0 ? chosen : chosen.substring(0, colon));
        if (colon >= 0) {
            body.put("version", chosen.substring(colon + 1));
        }
        List<Map<String, Object>> all = new ArrayList<>();
        all.add(content(file));
        files.forEach(other -> all.add(content(other)));
        body.put("files", all);
        Map<String, Object> limits = new LinkedHashMap<>();
        timeout.ifPresent(time -> limits.put("wallMillis", time.toMillis()));
        memory.ifPresent(bytes -> limits.put("memoryBytes", bytes));
        if (!limits.isEmpty()) {
            body.put("run", limits);
        }
        if (!cases.isEmpty()) {
            body.put("cases", cases.stream().map(this::oneCase).toList());
        } else if (!arguments.isEmpty()) {
            body.put("arguments", arguments);
        }
        compare.ifPresent(kind -> body.put("compare", Map.of("kind", kind)));
        if (stopOnFailure) {
            body.put("stopOnFailure", true);
        }
        isolation.ifPresent(level -> body.put("isolation", level.label()));
        if (!labels.isEmpty()) {
            body.put("labels", Pairs.of("--label", labels, "write NAME=VALUE"));
        }
        return body;
    }

    private Map<String, Object> oneCase(String text) {
        int colon = text.indexOf(':');
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("stdinBase64", base64(Path.of(colon < 0 ? text : text.substring(0, colon))));
        if (colon >= 0) {
            one.put("expectedBase64", base64(Path.of(text.substring(colon + 1))));
        }
        if (!arguments.isEmpty()) {
            one.put("arguments", arguments);
        }
        return one;
    }

    private static Map<String, Object> content(Path file) {
        Map<String, Object> content = new LinkedHashMap<>();
        content.put("name", String.valueOf(file.getFileName()));
        content.put("contentBase64", base64(file));
        return content;
    }

    private static String base64(Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                throw new Failure(ErrorCode.INVALID_REQUEST, "there is no file '" + file + "'");
            }
            if (Files.size(file) > FILE_BYTES_MAX) {
                throw new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "'" + file + "' is larger than " + Quantity.ofBytes(FILE_BYTES_MAX),
                        "a job is handed in as a whole, with 8 MiB at most");
            }
            return Base64.getEncoder().encodeToString(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "'" + file + "' cannot be read: " + e.getMessage(), e);
        }
    }
}

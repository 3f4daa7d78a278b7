package dev.skerry.e2e;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A program, and how each door is asked to run it with the same limits.
 *
 * @param limits by the names of Piston, in its units
 * @param stdout what it must have printed, as a whole
 */
record Program(
        String language,
        Map<String, String> files,
        String stdin,
        List<String> arguments,
        Map<String, Long> limits,
        Optional<String> isolation,
        Pattern stdout) {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** Piston's standards; the other door has none of these. */
    private static final long PROCESSES = 64;

    private static final long OPEN_FILES = 2_048;
    private static final long FILE_BYTES = 10_000_000;

    static Program of(String language, String fileName, String content) {
        return new Program(
                language,
                Map.of(fileName, content),
                "",
                List.of(),
                Map.of(),
                Optional.empty(),
                Pattern.compile(".*", Pattern.DOTALL));
    }

    static Program python(String content) {
        return of("python", "main.py", content);
    }

    static Program c(String content) {
        return of("c", "main.c", content);
    }

    Program with(String limit, long value) {
        Map<String, Long> more = new LinkedHashMap<>(limits);
        more.put(limit, value);
        return new Program(language, files, stdin, arguments, more, isolation, stdout);
    }

    Program reading(String input) {
        return new Program(language, files, input, arguments, limits, isolation, stdout);
    }

    Program given(String... words) {
        return new Program(language, files, stdin, List.of(words), limits, isolation, stdout);
    }

    Program at(String level) {
        return new Program(language, files, stdin, arguments, limits, Optional.of(level), stdout);
    }

    Program prints(String regex) {
        return new Program(
                language, files, stdin, arguments, limits, isolation, Pattern.compile(regex, Pattern.DOTALL));
    }

    /** For {@code POST /api/v2/execute}. */
    ObjectNode piston() {
        ObjectNode node = JSON.createObjectNode().put("language", language).put("version", "*");
        files(node);
        node.put("stdin", stdin);
        texts(node.putArray("args"), arguments);
        limits.forEach(node::put);
        isolation.ifPresent(level -> node.putObject("skerry").put("isolation", level));
        return node;
    }

    /** For {@code POST /skerry/v1/jobs}. */
    ObjectNode job() {
        ObjectNode node = JSON.createObjectNode().put("language", language);
        files(node);
        // As Piston ends it.
        node.put("stdin", stdin + "\n");
        texts(node.putArray("arguments"), arguments);
        stage(node.putObject("run"), "run")
                .put("processes", PROCESSES)
                .put("openFiles", OPEN_FILES)
                .put("fileBytes", FILE_BYTES);
        stage(node.putObject("compile"), "compile");
        isolation.ifPresent(level -> node.put("isolation", level));
        return node;
    }

    private void files(ObjectNode node) {
        ArrayNode array = node.putArray("files");
        files.forEach((name, content) -> array.addObject().put("name", name).put("content", content));
    }

    private static void texts(ArrayNode array, List<String> texts) {
        new ArrayList<>(texts).forEach(array::add);
    }

    private ObjectNode stage(ObjectNode node, String stage) {
        long standard = stage.equals("run") ? 3_000 : 10_000;
        node.put("wallMillis", limits.getOrDefault(stage + "_timeout", standard));
        node.put("cpuMillis", limits.getOrDefault(stage + "_cpu_time", standard));
        Optional.ofNullable(limits.get(stage + "_memory_limit")).ifPresent(bytes -> node.put("memoryBytes", bytes));
        return node;
    }
}

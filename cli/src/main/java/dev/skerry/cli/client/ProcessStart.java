package dev.skerry.cli.client;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A process to start in a sandbox.
 *
 * @param words the program, absolute or looked up in {@code PATH}, and its arguments
 * @param environment beside what the sandbox gives every process
 * @param input whether anything will be sent to it; otherwise its standard input is empty
 * @param terminal run it on a terminal of this size: all its output is then one stream
 */
public record ProcessStart(
        List<String> words,
        Map<String, String> environment,
        Optional<String> folder,
        boolean input,
        Optional<Window> terminal) {
    /** Rows and columns of a terminal. */
    public record Window(int rows, int columns) {
        Map<String, Object> json() {
            Map<String, Object> size = new LinkedHashMap<>();
            size.put("cols", columns);
            size.put("rows", rows);
            return Map.of("size", size);
        }
    }

    public ProcessStart {
        words = List.copyOf(words);
        environment = Map.copyOf(environment);
    }

    public static ProcessStart of(String... words) {
        return new ProcessStart(List.of(words), Map.of(), Optional.empty(), false, Optional.empty());
    }

    /** The same, with something to read. */
    public ProcessStart withInput() {
        return new ProcessStart(words, environment, folder, true, terminal);
    }

    /** The request of {@code process.Process/Start}. */
    Map<String, Object> json() {
        Map<String, Object> process = new LinkedHashMap<>();
        process.put("cmd", words.getFirst());
        process.put("args", words.subList(1, words.size()));
        process.put("envs", environment);
        folder.ifPresent(path -> process.put("cwd", path));
        Map<String, Object> request = new LinkedHashMap<>();
        request.put("process", process);
        terminal.ifPresent(window -> request.put("pty", window.json()));
        request.put("stdin", input);
        return request;
    }
}

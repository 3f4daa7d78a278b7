package dev.skerry.wire.jobs;

import java.util.List;
import java.util.Optional;

/**
 * A language that a template can run.
 *
 * @param template its name
 * @param language canonical name, lower case: {@code python}, {@code c++}
 * @param version exact, as the toolchain says it, in the form of a semantic version: {@code 3.11.2}
 * @param aliases other names of the language
 * @param runtime the program that runs or compiles it, where one language has several: {@code node}, {@code gcc}
 * @param compiled whether its programs have a stage of compiling
 */
public record LanguageRuntime(
        String template,
        String language,
        String version,
        List<String> aliases,
        Optional<String> runtime,
        boolean compiled) {
    public LanguageRuntime {
        aliases = List.copyOf(aliases);
    }
}

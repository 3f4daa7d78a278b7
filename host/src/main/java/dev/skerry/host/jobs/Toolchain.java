package dev.skerry.host.jobs;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One way to run a language. In the commands {@code {source}} stands for the absolute path of the source file, when
 * compiling followed by those of the others that are compiled together with it, {@code {out}} for the folder that the
 * compiler may fill, {@code {main}} for the name of the main class. The first word of each command is the absolute path
 * of a program in the template; no shell takes part.
 *
 * @param name what tells it from other ways to run the same language: {@code node}, {@code gcc}; empty where there is
 *     one
 * @param programs absolute paths that must all exist in the template
 * @param probe a command that succeeds when the programs are recent enough; empty: their presence is enough
 * @param version a command that prints the version, alone or as the first thing that looks like one
 * @param compile empty when there is nothing to compile
 * @param environment what the tools need beyond the job's own environment
 */
record Toolchain(
        Optional<String> name,
        List<String> programs,
        List<String> probe,
        List<String> version,
        List<String> compile,
        List<String> run,
        Map<String, String> environment) {
    static final String SOURCE = "{source}";
    static final String OUT = "{out}";
    static final String MAIN = "{main}";

    private static final String VERSION_OPTION = "--version";

    Toolchain {
        programs = List.copyOf(programs);
        probe = List.copyOf(probe);
        version = List.copyOf(version);
        compile = List.copyOf(compile);
        run = List.copyOf(run);
        environment = Map.copyOf(environment);
    }

    /** {@code program} started with the source file as its last argument. */
    static Toolchain interpreter(String program, String... options) {
        var run = new ArrayList<>(List.of(program));
        run.addAll(List.of(options));
        run.add(SOURCE);
        return of(List.of(program), List.of(), run);
    }

    /** {@code command} makes {@code {out}/main}, which is run directly. */
    static Toolchain compiler(String... command) {
        return of(List.of(command[0]), List.of(command), List.of(OUT + "/main"));
    }

    /** Its first program prints its version when it is asked in the usual way. */
    static Toolchain of(List<String> programs, List<String> compile, List<String> run) {
        List<String> version = List.of(programs.getFirst(), VERSION_OPTION);
        return new Toolchain(Optional.empty(), programs, List.of(), version, compile, run, Map.of());
    }

    Toolchain named(String value) {
        return new Toolchain(Optional.of(value), programs, probe, version, compile, run, environment);
    }

    Toolchain onlyIf(String... command) {
        return new Toolchain(name, programs, List.of(command), version, compile, run, environment);
    }

    Toolchain needing(String... more) {
        var all = new ArrayList<>(programs);
        all.addAll(List.of(more));
        return new Toolchain(name, all, probe, version, compile, run, environment);
    }

    /** Its first program says its version when it is started with these. */
    Toolchain versionBy(String... options) {
        var words = new ArrayList<>(List.of(programs.getFirst()));
        words.addAll(List.of(options));
        return new Toolchain(name, programs, probe, words, compile, run, environment);
    }

    Toolchain with(Map<String, String> variables) {
        return new Toolchain(name, programs, probe, version, compile, run, variables);
    }
}

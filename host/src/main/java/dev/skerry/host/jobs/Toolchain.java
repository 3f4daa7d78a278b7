package dev.skerry.host.jobs;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One way to run a language. In the commands {@code {source}} stands for the absolute path of the source file,
 * {@code {out}} for the folder that the compiler may fill, {@code {main}} for the name of the main class. The first
 * word of each command is the absolute path of a program in the template; no shell takes part.
 *
 * @param programs absolute paths that must all exist in the template
 * @param probe a command that succeeds when the programs are recent enough; empty: their presence is enough
 * @param compile empty when there is nothing to compile
 * @param environment what the tools need beyond the job's own environment
 */
record Toolchain(
        List<String> programs,
        List<String> probe,
        List<String> compile,
        List<String> run,
        Map<String, String> environment) {
    static final String SOURCE = "{source}";
    static final String OUT = "{out}";
    static final String MAIN = "{main}";

    Toolchain {
        programs = List.copyOf(programs);
        probe = List.copyOf(probe);
        compile = List.copyOf(compile);
        run = List.copyOf(run);
        environment = Map.copyOf(environment);
    }

    /** {@code program} started with the source file as its last argument. */
    static Toolchain interpreter(String program, String... options) {
        var run = new ArrayList<>(List.of(program));
        run.addAll(List.of(options));
        run.add(SOURCE);
        return new Toolchain(List.of(program), List.of(), List.of(), run, Map.of());
    }

    /** {@code command} makes {@code {out}/main}, which is run directly. */
    static Toolchain compiler(String... command) {
        return new Toolchain(List.of(command[0]), List.of(), List.of(command), List.of(OUT + "/main"), Map.of());
    }

    Toolchain onlyIf(String... command) {
        return new Toolchain(programs, List.of(command), compile, run, environment);
    }

    Toolchain needing(String... more) {
        var all = new ArrayList<>(programs);
        all.addAll(List.of(more));
        return new Toolchain(all, probe, compile, run, environment);
    }

    Toolchain with(Map<String, String> variables) {
        return new Toolchain(programs, probe, compile, run, variables);
    }
}

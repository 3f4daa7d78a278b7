package dev.skerry.host.jobs;

import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.JobFile;
import dev.skerry.wire.jobs.JobFiles;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A toolchain's commands with the names of a job's files put in.
 *
 * @param files as they are to be called in the job's folder
 * @param folders to be there as well
 * @param compile empty when there is nothing to compile
 * @param environment of the tools
 */
record Recipe(
        List<JobFile> files,
        List<String> folders,
        List<String> compile,
        List<String> run,
        Map<String, String> environment) {
    private static final String OUT = JobFiles.MADE;
    private static final String OUT_PATH = JobRunner.FOLDER + "/" + OUT;

    Recipe {
        files = List.copyOf(files);
        folders = List.copyOf(folders);
        compile = List.copyOf(compile);
        run = List.copyOf(run);
        environment = Map.copyOf(environment);
    }

    /** What a program that is run without being compiled needs of its toolchain. */
    Map<String, String> runEnvironment() {
        return compile.isEmpty() ? environment : Map.of();
    }

    /**
     * The main file may get another name, which may then be one that no file can have.
     *
     * @param given the first is the main file; names are relative to the job's folder
     * @throws Failure {@code INVALID_REQUEST}
     */
    static Recipe of(Language language, Toolchain toolchain, List<JobFile> given) {
        Names names = Names.of(language, given.getFirst());
        List<JobFile> files = new ArrayList<>(given.subList(1, given.size()));
        files.removeIf(file -> file.name().equals(names.file()));
        files.addFirst(new JobFile(names.file(), given.getFirst().content()));
        List<String> sources = new ArrayList<>(List.of(path(names.file())));
        if (language.compilesTogether()) {
            given.subList(1, given.size()).stream()
                    .map(JobFile::name)
                    .filter(name -> language.hasExtensionOf(name) && !name.equals(names.file()))
                    .map(Recipe::path)
                    .forEach(sources::add);
        }
        Map<String, String> environment = new HashMap<>(toolchain.environment());
        environment.replaceAll((name, value) -> value.replace(Toolchain.OUT, OUT_PATH));
        return new Recipe(
                names.file().equals(given.getFirst().name()) ? files : JobFiles.checked(files),
                toolchain.compile().isEmpty() ? List.of() : List.of(OUT),
                put(toolchain.compile(), sources, names.main()),
                put(toolchain.run(), sources.subList(0, 1), names.main()),
                environment);
    }

    private static String path(String name) {
        return JobRunner.FOLDER + "/" + name;
    }

    private static List<String> put(List<String> words, List<String> sources, String main) {
        List<String> placed = new ArrayList<>();
        for (String word : words) {
            if (word.equals(Toolchain.SOURCE)) {
                placed.addAll(sources);
            } else {
                placed.add(word.replace(Toolchain.OUT, OUT_PATH).replace(Toolchain.MAIN, main));
            }
        }
        return placed;
    }

    /** A file's name without its extension. */
    static String stem(String name) {
        return name.contains(".") ? name.substring(0, name.lastIndexOf('.')) : name;
    }

    /**
     * What the main file must be called, and what is started.
     *
     * @param file relative to the job's folder
     * @param main the class, or the file's name without extension
     */
    private record Names(String file, String main) {
        static Names of(Language language, JobFile given) {
            int slash = given.name().lastIndexOf('/') + 1;
            String folder = given.name().substring(0, slash);
            String name = given.name().substring(slash);
            if (language == Language.JAVA) {
                var java = JavaSource.read(new String(given.content(), StandardCharsets.UTF_8));
                String stem = java.fileStem(stem(name));
                return new Names(folder + stem + ".java", java.mainClass(stem));
            }
            String called = language.needsExtension() && !language.hasExtensionOf(name)
                    ? name + "." + language.extension()
                    : name;
            return new Names(folder + called, stem(called));
        }
    }
}

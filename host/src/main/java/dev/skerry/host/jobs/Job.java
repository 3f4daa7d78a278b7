package dev.skerry.host.jobs;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What to run in a sandbox, once.
 *
 * @param arguments for a source file: what follows it on the command line
 * @param environment added to the defaults ({@code PATH}, {@code HOME}, {@code LANG})
 * @param workFolder absolute path inside; empty: {@value JobRunner#FOLDER}
 * @param user inside: a name, or uid, or uid:gid
 * @param outputLimitBytes of each output stream; the program is killed when it writes more
 */
public record Job(
        Program program,
        List<String> arguments,
        Map<String, String> environment,
        Optional<String> workFolder,
        String user,
        StageLimits compileLimits,
        StageLimits runLimits,
        long outputLimitBytes) {
    /** What is started. */
    public sealed interface Program {
        /** A program of the template; its name is looked up in the job's {@code PATH}. */
        record Command(List<String> words) implements Program {
            public Command {
                words = List.copyOf(words);
            }
        }

        /** A source file, put into {@value JobRunner#FOLDER} under this name. */
        @SuppressWarnings("ArrayRecordComponent") // written once into the sandbox; never compared
        record Source(Language language, String fileName, byte[] content) implements Program {}
    }

    /**
     * Limits of one process and all that it starts; those of the whole sandbox come on top.
     *
     * @param processes alive at one time, of the user that it runs as
     * @param openFiles of one process
     * @param fileBytes size of one file
     */
    public record StageLimits(
            Optional<Duration> wall,
            Optional<Duration> cpu,
            OptionalInt processes,
            OptionalInt openFiles,
            OptionalLong fileBytes) {
        /** What a compiler gets. */
        public static final StageLimits COMPILE =
                new StageLimits(Optional.of(Duration.ofSeconds(60)), Optional.of(Duration.ofSeconds(60)));

        public StageLimits(Optional<Duration> wall, Optional<Duration> cpu) {
            this(wall, cpu, OptionalInt.empty(), OptionalInt.empty(), OptionalLong.empty());
        }
    }

    public Job {
        arguments = List.copyOf(arguments);
        environment = Map.copyOf(environment);
    }
}

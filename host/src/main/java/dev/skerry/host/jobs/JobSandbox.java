package dev.skerry.host.jobs;

import dev.skerry.wire.Limits;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.Usage;
import dev.skerry.wire.jobs.JobFile;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/**
 * What a job needs of a sandbox, and no more, so that the rules of {@link JobRunner} can be tested without one. Every
 * method may throw {@link dev.skerry.wire.Failure}; with {@code SANDBOX_GONE} when the sandbox has ended.
 */
public interface JobSandbox extends AutoCloseable {
    JobResult.Place place();

    /** Whether the template has this file; links are followed within the template. */
    boolean has(String absolutePath);

    /** The template's own environment. */
    Map<String, String> environment();

    /** Makes a folder that belongs to {@code user}; it is no error when it exists. */
    void makeFolder(String path, String user);

    /** Writes a file that belongs to {@code user}; it replaces one that exists. */
    void write(String path, byte[] content, String user);

    /**
     * Puts a job's files into {@link JobRunner#FOLDER}, which is made when it is missing. May return before that is
     * done: what is started afterwards finds them all the same.
     *
     * @param folders names relative to that folder; those that files need are made without being named
     */
    default Placing place(List<JobFile> files, List<String> folders, String user) {
        makeFolder(JobRunner.FOLDER, user);
        folders.forEach(folder -> makeFolder(JobRunner.FOLDER + "/" + folder, user));
        files.forEach(file -> write(JobRunner.FOLDER + "/" + file.name(), file.content(), user));
        return () -> {};
    }

    /** Files on their way. */
    interface Placing {
        /** Waits until all are in place; throws when one could not be put there. */
        void await();
    }

    /** Unpacks an archive into a folder, which is made when it is missing; what is in it belongs to {@code user}. */
    void unpack(InputStream archive, String folder, String user);

    /** What is at this path inside; links are not followed. */
    Kind kind(String path, String user);

    /** The content of a regular file. The caller closes the stream. */
    InputStream read(String path, String user);

    /** A folder as an archive, to be treated as hostile. The caller closes the stream. */
    InputStream pack(String path, String user);

    JobProcess start(Start start);

    /**
     * The newest process that was started with this tag, whoever started it; its output from where nobody has read it.
     */
    Optional<JobProcess> find(String tag);

    Usage usage();

    /** What it uses from now on. */
    default Meter measure() {
        return Meter.between(usage(), this::usage);
    }

    /** What a sandbox uses, from some moment on. */
    interface Meter extends AutoCloseable {
        /** User and system time of everything inside. */
        Duration cpuTime();

        /** The most that it held at one time. */
        long memoryPeakBytes();

        /** How often the kernel killed something at the limit on memory. */
        long outOfMemoryKills();

        @Override
        default void close() {}

        private static Meter between(Usage before, Supplier<Usage> now) {
            return new Meter() {
                @Override
                public Duration cpuTime() {
                    return now.get().cpuTime().minus(before.cpuTime());
                }

                @Override
                public long memoryPeakBytes() {
                    return now.get().memoryPeakBytes();
                }

                @Override
                public long outOfMemoryKills() {
                    return now.get().outOfMemoryKills() - before.outOfMemoryKills();
                }
            };
        }
    }

    /**
     * Replaces its limits on memory, CPU and processes while it runs.
     *
     * @throws dev.skerry.wire.Failure {@code CONFLICT} when it holds more memory than that
     */
    default void limit(Limits limits) {
        throw new UnsupportedOperationException("limits stay as they are");
    }

    /** Kills whatever still runs inside, as far as the host sees it. */
    default void clear() {}

    /** How it ended, if it has ended or does so within {@code limit}. */
    Optional<SandboxEnd> awaitEnd(Duration limit);

    /** Ends the sandbox and waits until nothing of it is left on this host. Idempotent. */
    @Override
    void close();

    /** What a path inside leads to. */
    enum Kind {
        FILE,
        FOLDER,
        /** A link or something special. */
        OTHER,
        MISSING
    }

    /** Rows and columns of a terminal. */
    record TerminalSize(int rows, int columns) {}

    /**
     * A process to start. Its descendants end with it.
     *
     * @param words the program, absolute or looked up in {@code PATH}, and its arguments
     * @param environment all of it: nothing is inherited
     * @param terminal run it on a terminal of this size: stdout and stderr are then one stream
     */
    record Start(
            String tag,
            List<String> words,
            Map<String, String> environment,
            String folder,
            String user,
            Job.StageLimits limits,
            Optional<TerminalSize> terminal) {
        public Start {
            words = List.copyOf(words);
            environment = Map.copyOf(environment);
        }
    }

    /** A started process. Its streams must be read by threads of the caller's, or it blocks. */
    interface JobProcess {
        OutputStream stdin();

        InputStream stdout();

        InputStream stderr();

        /** Tells its terminal that the window has another size. */
        void resize(TerminalSize size);

        /** Sends a signal to it alone; nothing happens when it has ended. */
        default void signal(int number) {
            throw new UnsupportedOperationException("no signal but the last one");
        }

        /** Kills it and everything that it started. Idempotent. */
        void kill();

        /** How it ended, if it does so within {@code limit}; its output has then arrived as a whole. */
        Optional<Exit> await(Duration limit);
    }

    /**
     * What the guest says of the end of a process.
     *
     * @param timedOut its wall-clock limit ended it
     * @param cpuTime its limit on CPU time ended it
     */
    record Exit(OptionalInt code, OptionalInt signal, boolean timedOut, boolean cpuTime) {}
}

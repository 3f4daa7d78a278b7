package dev.skerry.wire.jobs;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import java.util.List;
import java.util.Map;

/**
 * A host as far as jobs go. Each job has a sandbox that nobody used before and that ends with it; what a crash of
 * either side leaves is removed, never taken over. Thread-safe.
 */
public interface JobHost extends AutoCloseable {
    /** One that runs no jobs. */
    JobHost NONE = new JobHost() {
        @Override
        public List<LanguageRuntime> runtimes() {
            return List.of();
        }

        @Override
        public JobOutcome run(JobOrder order, JobListener listener) {
            throw new Failure(ErrorCode.UNSUPPORTED, "this host runs no jobs");
        }

        @Override
        public void floors(Map<String, Isolation> ofTemplates) {}

        @Override
        public void plan(List<PoolPlan> plans) {}

        @Override
        public List<PoolState> pools() {
            return List.of();
        }

        @Override
        public void close() {}
    };

    /**
     * Says in which isolation at least programs of a template are run when nobody's job asks for them: those that say
     * which languages it has. Container where nothing is said. Before {@link #runtimes} is first called.
     *
     * @param ofTemplates by their names, or digests where they have none
     */
    void floors(Map<String, Isolation> ofTemplates);

    /** What can be run here, of each template; newest version of a language first. */
    List<LanguageRuntime> runtimes();

    /** Whether templates are just being asked what they have, so that {@link #runtimes} does not say all of it yet. */
    default boolean asking() {
        return false;
    }

    /**
     * Carries a job out and waits for its end. Interrupting the caller ends the job.
     *
     * @param listener is told what happens while it happens
     * @throws Failure {@code NOT_FOUND} (template, runtime), {@code INVALID_REQUEST} (a file's name),
     *     {@code UNSUPPORTED} (isolation), {@code NO_CAPACITY}; what the program does is an outcome, never a failure
     */
    JobOutcome run(JobOrder order, JobListener listener) throws InterruptedException;

    /** Replaces the pools of ready sandboxes, while they are used; those that are no longer planned are emptied. */
    void plan(List<PoolPlan> plans);

    /** Each pool as it is now, in the order of the plans. */
    List<PoolState> pools();

    /** Ends running jobs and empties the pools. */
    @Override
    void close();
}

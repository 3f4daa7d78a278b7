package dev.skerry.wire.jobs;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.Privilege;
import java.time.Duration;
import java.util.Optional;

/**
 * A pool of ready sandboxes that shall be there.
 *
 * @param template by name
 * @param isolation the level that its sandboxes have
 * @param prestart the language whose interpreter waits in each; empty: none
 * @param sandboxBytes memory that each may use before it is claimed
 * @param floor so many at least
 * @param cap so many at most
 * @param hitRate share of jobs, 0 to 1, that shall find a ready sandbox; how many that takes is forecast from demand
 * @param idleBytes what all that wait may cost together, at most
 * @param miss what a job does that finds none
 * @param patience how long it waits, where it does
 * @param shape of sandboxes that a server will give to its clients; empty: those of this pool are for jobs
 * @param disk that its jobs will ask for, as far as the planner knows; empty: what the first of them asks for
 */
public record PoolPlan(
        String template,
        Isolation isolation,
        Optional<String> prestart,
        long sandboxBytes,
        int floor,
        int cap,
        double hitRate,
        long idleBytes,
        Miss miss,
        Duration patience,
        Optional<Shape> shape,
        Optional<Disk> disk) {
    /** Of sandboxes for jobs of which nothing is known. */
    public PoolPlan(
            String template,
            Isolation isolation,
            Optional<String> prestart,
            long sandboxBytes,
            int floor,
            int cap,
            double hitRate,
            long idleBytes,
            Miss miss,
            Duration patience) {
        this(
                template,
                isolation,
                prestart,
                sandboxBytes,
                floor,
                cap,
                hitRate,
                idleBytes,
                miss,
                patience,
                Optional.empty(),
                Optional.empty());
    }

    /**
     * What cannot be changed any more once a sandbox with a disk of its own runs.
     *
     * @param diskBytes that its user may have on the disk; likewise {@code diskInodes}, files
     */
    public record Shape(Privilege privilege, long diskBytes, long diskInodes) {}

    /**
     * The size of a writable layer.
     *
     * @param inodes files
     */
    public record Disk(long bytes, long inodes) {}

    /** Whether its sandboxes are of that template, and for clients with that shape, or for jobs. */
    public boolean isOf(String name, Optional<Shape> wanted) {
        return template.equals(name) && shape.equals(wanted);
    }

    /** What a job does that finds no ready sandbox. */
    public enum Miss {
        /** A sandbox is made for it. */
        COLD,
        /** It waits for one, then a sandbox is made for it. */
        WAIT,
        /** It is refused with {@code NO_CAPACITY} and an estimate. */
        REFUSE
    }
}

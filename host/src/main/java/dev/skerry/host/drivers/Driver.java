package dev.skerry.host.drivers;

import dev.skerry.wire.Isolation;
import java.util.List;
import java.util.Set;

/**
 * One way to wall a sandbox off. It prepares what a shim needs to start it; pausing, limits, usage and killing are the
 * cgroup's, and everything done inside is the stream's, so they are the same on every driver. Stateless and
 * thread-safe.
 */
public interface Driver {
    /** What a driver of this host can do beyond the contract that all of them keep. */
    enum Feature {
        /** setuid programs such as sudo gain what the template allows. */
        SETUID,
        /** A fork bomb inside leaves the sandbox itself working. */
        SURVIVES_FORK_BOMB,
        /** At the limit on memory a process is killed; otherwise it may be the whole sandbox. */
        SURVIVES_MEMORY_BOMB,
        /** The limit on tasks counts the sandbox's own tasks exactly. */
        EXACT_PROCESS_LIMIT,
        /** A pause is never refused; otherwise it may be, and the sandbox then goes on. */
        PAUSES_ALWAYS,
        /**
         * Calls outside the allow list are refused by the host's kernel; otherwise the user-space kernel refuses what
         * it lacks.
         */
        SECCOMP_INSIDE
    }

    /**
     * Something that the driver needs.
     *
     * @param fix the command that brings it, or empty when nothing can
     */
    record Finding(String what, boolean good, String detail, String fix) {}

    Isolation level();

    /** Name and version of the runtime that makes its sandboxes: {@code crun 1.8.1}. */
    String runtime();

    Set<Feature> features();

    /** Looks at the host; the driver can be used when all are good. Costs some milliseconds. */
    List<Finding> probe();

    /** Writes the bundle into the launch's run folder and says how the shim starts it. */
    ShimPlan plan(Launch launch);

    /**
     * Removes what the runtime may have left outside the sandbox's own namespaces; after everything of it is dead.
     * Idempotent.
     */
    default void sweep(Launch launch) {}
}

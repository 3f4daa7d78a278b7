package dev.skerry.wire.hosts;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.Usage;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.stream.GuestConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A host as the server sees it. Every command may be given again, at any time, also after a crash of either side, and
 * leads to the same state; commands for a sandbox that is gone throw {@link Failure} {@code SANDBOX_GONE} unless they
 * say otherwise. Commands block until they are carried out. Thread-safe.
 */
public interface HostAgent extends AutoCloseable {
    HostFacts facts();

    /** Which one it is, always the same; a host that knows that without looking at itself says so at once. */
    default HostId id() {
        return facts().id();
    }

    /**
     * Starts a sandbox, or finds that it was started, and waits until process 1 has said hello.
     *
     * @throws Failure {@code NOT_FOUND} (template), {@code UNSUPPORTED} (isolation), {@code NO_CAPACITY},
     *     {@code SANDBOX_GONE} when it ended or was destroyed while it started; nothing of it is left then
     */
    HostedSandbox start(StartSandbox command) throws InterruptedException;

    /**
     * The id of a sandbox that is ready to be one with these needs: it runs, and nobody has used it or knows of it. Who
     * starts the first incarnation of that id gets it; any other start, and one that comes after its end, makes one as
     * always. Nobody else is told the id, until it is started or given back. Empty: none is ready.
     */
    default Optional<SandboxId> reserve(SandboxNeeds needs) throws InterruptedException {
        return Optional.empty();
    }

    /**
     * One that was reserved, and will certainly not be started by that. Where that is not certain, {@link #destroy} and
     * {@link #discardDisk} remove it. Success when it is not reserved.
     */
    default void giveBack(SandboxId id) {}

    /** Stops every process where it is. */
    void freeze(Incarnation incarnation);

    void thaw(Incarnation incarnation);

    /** Replaces the deadline. */
    void deadline(Incarnation incarnation, Optional<Deadline> deadline);

    /**
     * Ends it and removes all of it but a disk that it keeps; also its record. Success when there is none. With a grace
     * its processes hear SIGTERM first and its disk is synced, so that a kept disk is consistent.
     */
    void destroy(Incarnation incarnation, Duration grace);

    /** Removes the kept disk of a sandbox. Success when there is none; {@code CONFLICT} while an incarnation has it. */
    void discardDisk(SandboxId id);

    /** Every sandbox of the server on this host, in whatever state, and ended ones that were not destroyed. */
    List<HostedSandbox> list();

    /** Ids that have a kept disk. */
    List<SandboxId> disks();

    /** The stream of a running sandbox. One connection for all who ask; nobody but the host closes it. */
    GuestConnection guest(Incarnation incarnation);

    Usage usage(Incarnation incarnation);

    List<HostTemplate> templates();

    /**
     * Makes a template of an image, or finds that it was made. A template that had the name keeps its digest.
     *
     * @param image on the host: an OCI image layout, a folder or an archive of one
     * @throws Failure {@code INVALID_REQUEST} (the name, or what is wrong with the image), {@code LIMIT_EXCEEDED} (it
     *     is too large), {@code NO_SPACE}, {@code UNSUPPORTED} (this host imports none); nothing is left then
     */
    default HostTemplate importTemplate(Path image, String name) {
        throw new Failure(ErrorCode.UNSUPPORTED, "this host imports no templates");
    }

    /**
     * Takes a name away, and removes the template if it has no other. {@code NOT_FOUND}; {@code CONFLICT} while a
     * sandbox, a disk, a pool or a running job uses it.
     */
    void removeTemplate(String name);

    /** Its side of jobs; lives as long as this agent. A host that runs none has no runtimes. */
    default JobHost jobs() {
        return JobHost.NONE;
    }

    /** From now on. */
    void listen(HostListener listener);

    /** Lets go of all sandboxes, which run on. */
    @Override
    void close();
}

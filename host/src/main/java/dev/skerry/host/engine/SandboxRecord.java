package dev.skerry.host.engine;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.Incarnation;
import java.util.Optional;

/**
 * What is written down about a sandbox before it is started, so that another process can find it, attach to it and
 * remove it.
 *
 * @param generation counts the incarnations of one id
 * @param runtime name and version of what made it
 * @param template the template's digest
 * @param createdMillis Unix time
 * @param deadlineMillis CLOCK_BOOTTIME, 0 for none; as it was at the start
 * @param cpuMicros the limit on CPU time, 0 for none
 * @param hosted made for a server, which finds out how it ended and then has its record removed
 * @param onDisk its writable layer is the disk of its id
 * @param fleeting of use to its maker only: once that has ended, {@link Reaper} removes it even if it runs
 * @param warm it ran before it was asked for
 */
public record SandboxRecord(
        String id,
        long generation,
        Optional<String> name,
        Isolation isolation,
        String runtime,
        String template,
        Privilege privilege,
        long createdMillis,
        long deadlineMillis,
        long cpuMicros,
        boolean hosted,
        boolean onDisk,
        boolean fleeting,
        boolean warm) {
    /**
     * The same one, which waited for somebody and is a server's now.
     *
     * @param nowMillis Unix time
     */
    SandboxRecord engaged(long nowMillis, long deadline, long cpuLimitMicros) {
        return new SandboxRecord(
                id,
                generation,
                name,
                isolation,
                runtime,
                template,
                privilege,
                nowMillis,
                deadline,
                cpuLimitMicros,
                true,
                onDisk,
                false,
                true);
    }

    public Incarnation incarnation() {
        return new Incarnation(sandboxId(), generation);
    }

    public SandboxId sandboxId() {
        return new SandboxId(id);
    }

    /** The name of its run folder, cgroup and uid claim. */
    public String folder() {
        return id + "." + generation;
    }
}

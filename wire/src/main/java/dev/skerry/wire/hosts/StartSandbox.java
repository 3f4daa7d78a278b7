package dev.skerry.wire.hosts;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Privilege;
import java.util.Optional;

/**
 * A sandbox to start.
 *
 * @param template {@code base}, or the name or digest of one that the host has
 * @param floor the weakest isolation that will do
 * @param limits wall-clock time is not among them: that is the deadline
 * @param keepsDisk its writable layer is a disk that outlives this incarnation: the next one of this id finds it, until
 *     {@link HostAgent#discardDisk}
 */
public record StartSandbox(
        Incarnation incarnation,
        String template,
        Isolation floor,
        Limits limits,
        Privilege privilege,
        Optional<Deadline> deadline,
        boolean keepsDisk) {}

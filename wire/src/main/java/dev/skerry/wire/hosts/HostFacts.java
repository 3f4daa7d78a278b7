package dev.skerry.wire.hosts;

import dev.skerry.wire.Isolation;
import java.util.List;

/**
 * What a host is and has.
 *
 * @param bootId changes with every boot: sandboxes of another boot are gone
 * @param levels that sandboxes can have here, weakest first
 * @param cpuMillis thousandths of a CPU
 */
public record HostFacts(
        HostId id, String bootId, List<Isolation> levels, int cpuMillis, long memoryBytes, long diskBytes) {
    public HostFacts {
        levels = List.copyOf(levels);
    }
}

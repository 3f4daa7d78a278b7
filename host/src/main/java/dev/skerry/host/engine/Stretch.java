package dev.skerry.host.engine;

import dev.skerry.host.cgroups.MemoryPeak;
import dev.skerry.host.cgroups.SandboxCgroup;
import dev.skerry.wire.Usage;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** A part of a sandbox's life, from a moment on to its end at most, as its control groups measure it. */
public final class Stretch implements AutoCloseable {
    private final SandboxCgroup cgroup;
    private final Supplier<Optional<Usage>> atEnd;
    private final MemoryPeak peak;
    private final Duration cpuBefore;
    private final long killsBefore;

    /** @param atEnd what was used in total, once the groups are gone */
    Stretch(SandboxCgroup cgroup, Supplier<Optional<Usage>> atEnd) {
        this.cgroup = cgroup;
        this.atEnd = atEnd;
        this.peak = cgroup.memoryPeak();
        this.cpuBefore = cgroup.cpuTime();
        this.killsBefore = cgroup.events().outOfMemoryKills();
    }

    /** User and system time of everything inside. */
    public Duration cpuTime() {
        Duration spent =
                atEnd.get().map(Usage::cpuTime).orElseGet(cgroup::cpuTime).minus(cpuBefore);
        return spent.isNegative() ? Duration.ZERO : spent;
    }

    /** The most that it held at one time. */
    public long memoryPeakBytes() {
        return atEnd.get().map(Usage::memoryPeakBytes).orElseGet(peak::bytes);
    }

    /** How often the kernel killed something at the limit on memory. */
    public long outOfMemoryKills() {
        long kills = atEnd.get().map(Usage::outOfMemoryKills).orElseGet(() -> cgroup.events()
                .outOfMemoryKills());
        return Math.max(0, kills - killsBefore);
    }

    @Override
    public void close() {
        peak.close();
    }
}

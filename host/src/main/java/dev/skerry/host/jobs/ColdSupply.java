package dev.skerry.host.jobs;

import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobPlace.Warmth;

/** Makes a sandbox for each job once it is there. */
public final class ColdSupply implements SandboxSupply {
    private final JobSandboxes sandboxes;

    public ColdSupply(JobSandboxes sandboxes) {
        this.sandboxes = sandboxes;
    }

    @Override
    public Claimed claim(JobOrder order) {
        return Claimed.of(
                sandboxes.make(order.runtime().template(), order.floor(), order.limits()), Warmth.COLD, order.limits());
    }
}

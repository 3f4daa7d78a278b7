package dev.skerry.host.engine;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.templates.Template;
import dev.skerry.wire.hosts.Deadline;
import dev.skerry.wire.hosts.HostListener;
import dev.skerry.wire.hosts.Incarnation;
import java.util.Optional;

/** A sandbox that is to be made. */
record Order(
        Incarnation incarnation,
        SandboxSpec spec,
        Template template,
        Optional<Deadline> deadline,
        HostListener listener,
        Purpose purpose) {
    /** Whose it is. */
    enum Purpose {
        OWN,
        HOSTED,
        /** Nobody's yet. */
        MAYBE_HOSTED
    }

    /**
     * What is written down of it.
     *
     * @param nowMillis Unix time
     * @param deadlineMillis CLOCK_BOOTTIME, 0 for none
     */
    SandboxRecord record(Driver driver, long nowMillis, long deadlineMillis) {
        return new SandboxRecord(
                incarnation.id().text(),
                incarnation.generation(),
                spec.name(),
                driver.level(),
                driver.runtime(),
                template.digest(),
                spec.privilege(),
                nowMillis,
                deadlineMillis,
                spec.limits().cpuTime().map(time -> time.toNanos() / 1000).orElse(0L),
                purpose == Purpose.HOSTED,
                spec.disk().isPresent(),
                spec.fleeting(),
                false);
    }

    /** That record, where it will not change. */
    Optional<SandboxRecord> lasting(SandboxRecord record) {
        return purpose == Purpose.MAYBE_HOSTED ? Optional.empty() : Optional.of(record);
    }
}

package dev.skerry.server.sandboxes;

import dev.skerry.wire.SandboxId;
import dev.skerry.wire.Usage;
import dev.skerry.wire.hosts.Deadline;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostFacts;
import dev.skerry.wire.hosts.HostListener;
import dev.skerry.wire.hosts.HostTemplate;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.hosts.StartSandbox;
import dev.skerry.wire.stream.GuestConnection;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A simulated host as one of several servers has it.
 *
 * @param beforeStart is told which life is about to be started
 */
public record EpochHost(SimulatedHost inner, long epoch, Consumer<Incarnation> beforeStart) implements HostAgent {
    /** From now on commands of lower epochs are refused; {@code CONFLICT} for an epoch that is lower itself. */
    public static EpochHost open(SimulatedHost host, long epoch, Consumer<Incarnation> beforeStart) {
        host.epochs.raise(epoch);
        return new EpochHost(host, epoch, beforeStart);
    }

    @Override
    public HostFacts facts() {
        return inner.facts();
    }

    @Override
    public HostedSandbox start(StartSandbox command) throws InterruptedException {
        beforeStart.accept(command.incarnation());
        try (var _ = inner.epochs.as(epoch)) {
            return inner.start(command);
        }
    }

    @Override
    public void freeze(Incarnation incarnation) {
        try (var _ = inner.epochs.as(epoch)) {
            inner.freeze(incarnation);
        }
    }

    @Override
    public void thaw(Incarnation incarnation) {
        try (var _ = inner.epochs.as(epoch)) {
            inner.thaw(incarnation);
        }
    }

    @Override
    public void deadline(Incarnation incarnation, Optional<Deadline> deadline) {
        try (var _ = inner.epochs.as(epoch)) {
            inner.deadline(incarnation, deadline);
        }
    }

    @Override
    public void destroy(Incarnation incarnation, Duration grace) {
        try (var _ = inner.epochs.as(epoch)) {
            inner.destroy(incarnation, grace);
        }
    }

    @Override
    public void discardDisk(SandboxId id) {
        try (var _ = inner.epochs.as(epoch)) {
            inner.discardDisk(id);
        }
    }

    @Override
    public List<HostedSandbox> list() {
        return inner.list();
    }

    @Override
    public List<SandboxId> disks() {
        return inner.disks();
    }

    @Override
    public GuestConnection guest(Incarnation incarnation) {
        return inner.guest(incarnation);
    }

    @Override
    public Usage usage(Incarnation incarnation) {
        return inner.usage(incarnation);
    }

    @Override
    public List<HostTemplate> templates() {
        return List.of(new HostTemplate(
                Optional.of("base"),
                "sha256:simulated",
                "user",
                "/home/user",
                List.of(),
                List.of(),
                true,
                Samples.NOON,
                true));
    }

    @Override
    public void removeTemplate(String name) {
        inner.removeTemplate(name);
    }

    @Override
    public void listen(HostListener listener) {
        inner.listen(listener);
    }

    @Override
    public void close() {
        // The host stays.
    }
}

package dev.skerry.bench.serving;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.Usage;
import dev.skerry.wire.hosts.Deadline;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostFacts;
import dev.skerry.wire.hosts.HostId;
import dev.skerry.wire.hosts.HostListener;
import dev.skerry.wire.hosts.HostTemplate;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.HostedSandbox.State;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.hosts.StartSandbox;
import dev.skerry.wire.stream.GuestConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** A host whose sandboxes are entries of a map: what remains is what the control plane itself takes. */
final class SimulatedHost implements HostAgent {
    private final ConcurrentMap<Incarnation, HostedSandbox> sandboxes = new ConcurrentHashMap<>();

    @Override
    public HostFacts facts() {
        return new HostFacts(
                new HostId("simulated"), "boot", List.of(Isolation.CONTAINER), 1_000_000, 1L << 50, 1L << 50);
    }

    @Override
    public HostedSandbox start(StartSandbox command) {
        return sandboxes.computeIfAbsent(
                command.incarnation(), incarnation -> in(incarnation, State.RUNNING, command.template()));
    }

    private static HostedSandbox in(Incarnation incarnation, State state, String template) {
        return new HostedSandbox(incarnation, state, Isolation.CONTAINER, template, Optional.empty());
    }

    private void become(Incarnation incarnation, State state) {
        HostedSandbox now = sandboxes.computeIfPresent(incarnation, (_, old) -> in(incarnation, state, old.template()));
        if (now == null) {
            throw new Failure(ErrorCode.SANDBOX_GONE, "sandbox " + incarnation + " is not on this host");
        }
    }

    @Override
    public void freeze(Incarnation incarnation) {
        become(incarnation, State.FROZEN);
    }

    @Override
    public void thaw(Incarnation incarnation) {
        become(incarnation, State.RUNNING);
    }

    @Override
    public void deadline(Incarnation incarnation, Optional<Deadline> deadline) {
        // The server ends them itself; no measurement lasts as long as its sandboxes.
    }

    @Override
    public void destroy(Incarnation incarnation, Duration grace) {
        sandboxes.remove(incarnation);
    }

    @Override
    public void discardDisk(SandboxId id) {
        // There is none.
    }

    @Override
    public List<HostedSandbox> list() {
        return List.copyOf(sandboxes.values());
    }

    @Override
    public List<SandboxId> disks() {
        return sandboxes.keySet().stream().map(Incarnation::id).toList();
    }

    @Override
    public GuestConnection guest(Incarnation incarnation) {
        throw new Failure(ErrorCode.UNSUPPORTED, "there is no process 1 in a simulated sandbox");
    }

    @Override
    public Usage usage(Incarnation incarnation) {
        return Usage.NONE;
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
                Instant.EPOCH,
                true));
    }

    @Override
    public void removeTemplate(String name) {
        throw new Failure(ErrorCode.NOT_FOUND, "there is no template '" + name + "'");
    }

    @Override
    public void listen(HostListener listener) {
        // Nothing happens by itself here.
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}

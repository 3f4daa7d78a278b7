package dev.skerry.wire.hosts;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.Usage;
import dev.skerry.wire.hosts.HostedSandbox.State;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.stream.GuestConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * A host whose sandboxes are entries of a map, and whose only template is {@code base}: for whoever wants to see what a
 * server does by itself. Thread-safe.
 */
public final class InMemoryHost implements HostAgent {
    private final ConcurrentMap<Incarnation, HostedSandbox> sandboxes = new ConcurrentHashMap<>();
    private final HostId id;
    private final JobHost jobs;

    /** @param jobs is closed with this */
    public InMemoryHost(HostId id, JobHost jobs) {
        this.id = id;
        this.jobs = jobs;
    }

    @Override
    public HostFacts facts() {
        return new HostFacts(id, "boot", List.of(Isolation.CONTAINER), 1_000_000, 1L << 50, 1L << 50);
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
        // Nobody keeps this host for as long as a sandbox may live.
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
        throw new Failure(ErrorCode.UNSUPPORTED, "there is no process 1 in a sandbox of memory");
    }

    @Override
    public Usage usage(Incarnation incarnation) {
        return Usage.NONE;
    }

    @Override
    public List<HostTemplate> templates() {
        return List.of(new HostTemplate(
                Optional.of("base"),
                "sha256:" + id,
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
    public JobHost jobs() {
        return jobs;
    }

    @Override
    public void listen(HostListener listener) {
        // Nothing happens by itself here.
    }

    @Override
    public void close() {
        jobs.close();
    }
}

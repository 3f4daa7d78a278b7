package dev.skerry.server.e2b;

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
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.hosts.StartSandbox;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.stream.GuestConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A host of numbers: what it has is what a test has put in. */
public final class FakeHost implements HostAgent {
    /** Of sandboxes that are there. */
    public final Map<Incarnation, Usage> usages = new ConcurrentHashMap<>();

    /** It does not answer questions about its sandboxes. */
    public volatile boolean broken;

    final List<HostTemplate> templates = new CopyOnWriteArrayList<>();

    static HostTemplate template(String name, String digest, boolean current) {
        return new HostTemplate(
                name.isEmpty() ? Optional.empty() : Optional.of(name),
                digest,
                "user",
                "/home/user",
                List.of(),
                List.of(),
                true,
                Instant.parse("2026-04-01T00:00:00Z"),
                current);
    }

    private final FakePools jobs = new FakePools();

    @Override
    public JobHost jobs() {
        return jobs;
    }

    @Override
    public HostFacts facts() {
        return new HostFacts(new HostId("local"), "boot", List.of(Isolation.CONTAINER), 2000, 1L << 33, 1L << 36);
    }

    @Override
    public List<HostTemplate> templates() {
        return List.copyOf(templates);
    }

    @Override
    public void removeTemplate(String name) {
        if (!templates.removeIf(template -> template.name().equals(Optional.of(name)))) {
            throw new Failure(ErrorCode.NOT_FOUND, "no template " + name);
        }
    }

    @Override
    public Usage usage(Incarnation incarnation) {
        return Optional.ofNullable(usages.get(incarnation))
                .orElseThrow(() -> new Failure(ErrorCode.SANDBOX_GONE, "gone"));
    }

    @Override
    public List<HostedSandbox> list() {
        if (broken) {
            throw new Failure(ErrorCode.HOST_UNREACHABLE, "it does not answer");
        }
        return usages.keySet().stream()
                .map(each -> new HostedSandbox(
                        each, HostedSandbox.State.RUNNING, Isolation.CONTAINER, "base", Optional.empty()))
                .toList();
    }

    @Override
    public HostedSandbox start(StartSandbox command) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void freeze(Incarnation incarnation) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void thaw(Incarnation incarnation) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void deadline(Incarnation incarnation, Optional<Deadline> deadline) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void destroy(Incarnation incarnation, Duration grace) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void discardDisk(SandboxId id) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<SandboxId> disks() {
        return List.of();
    }

    @Override
    public GuestConnection guest(Incarnation incarnation) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void listen(HostListener listener) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}

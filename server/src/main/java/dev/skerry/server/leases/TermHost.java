package dev.skerry.server.leases;

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
import dev.skerry.wire.hosts.SandboxNeeds;
import dev.skerry.wire.hosts.StartSandbox;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.stream.GuestConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A host for as long as a term holds: afterwards no command and no question reaches it from here. */
public record TermHost(HostAgent inner, Term term) implements HostAgent {
    private HostAgent held() {
        term.require();
        return inner;
    }

    @Override
    public HostFacts facts() {
        return held().facts();
    }

    @Override
    public HostId id() {
        return inner.id();
    }

    @Override
    public Optional<SandboxId> reserve(SandboxNeeds needs) throws InterruptedException {
        return held().reserve(needs);
    }

    /** Not fenced: it is nobody's, and whoever has the host next has made others. */
    @Override
    public void giveBack(SandboxId id) {
        inner.giveBack(id);
    }

    @Override
    public HostedSandbox start(StartSandbox command) throws InterruptedException {
        return held().start(command);
    }

    @Override
    public void freeze(Incarnation incarnation) {
        held().freeze(incarnation);
    }

    @Override
    public void thaw(Incarnation incarnation) {
        held().thaw(incarnation);
    }

    @Override
    public void deadline(Incarnation incarnation, Optional<Deadline> deadline) {
        held().deadline(incarnation, deadline);
    }

    @Override
    public void destroy(Incarnation incarnation, Duration grace) {
        held().destroy(incarnation, grace);
    }

    @Override
    public void discardDisk(SandboxId id) {
        held().discardDisk(id);
    }

    @Override
    public List<HostedSandbox> list() {
        return held().list();
    }

    @Override
    public List<SandboxId> disks() {
        return held().disks();
    }

    @Override
    public GuestConnection guest(Incarnation incarnation) {
        return held().guest(incarnation);
    }

    @Override
    public Usage usage(Incarnation incarnation) {
        return held().usage(incarnation);
    }

    @Override
    public List<HostTemplate> templates() {
        return held().templates();
    }

    @Override
    public HostTemplate importTemplate(Path image, String name) {
        return held().importTemplate(image, name);
    }

    @Override
    public void removeTemplate(String name) {
        held().removeTemplate(name);
    }

    /** Not fenced: a job's sandbox is nobody's but its own, and its result is stored by who has the term. */
    @Override
    public JobHost jobs() {
        return held().jobs();
    }

    @Override
    public void listen(HostListener listener) {
        inner.listen(listener);
    }

    /** Whoever opened the host lets go of it. */
    @Override
    public void close() {
        // Not this one's to close.
    }
}

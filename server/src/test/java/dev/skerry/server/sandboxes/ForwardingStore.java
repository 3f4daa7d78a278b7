package dev.skerry.server.sandboxes;

import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A store in front of another, to put something in between. */
class ForwardingStore implements SandboxStore {
    final SandboxStore inner;

    ForwardingStore(SandboxStore inner) {
        this.inner = inner;
    }

    @Override
    public Optional<Sandbox> insert(Sandbox sandbox, Optional<String> key, List<Note> notes) {
        return inner.insert(sandbox, key, notes);
    }

    @Override
    public Optional<Sandbox> look(SandboxId id) {
        return inner.look(id);
    }

    @Override
    public Optional<Sandbox> get(SandboxId id) {
        return inner.get(id);
    }

    @Override
    public boolean replace(Sandbox next, List<Note> notes) {
        return inner.replace(next, notes);
    }

    @Override
    public List<Live> live() {
        return inner.live();
    }

    @Override
    public SandboxPage list(TenantId tenant, SandboxQuery query) {
        return inner.list(tenant, query);
    }

    @Override
    public List<SandboxEvent> events(TenantId tenant, SandboxId id) {
        return inner.events(tenant, id);
    }

    @Override
    public List<SandboxEvent> eventsAfter(TenantId tenant, long sequence, int limit) {
        return inner.eventsAfter(tenant, sequence, limit);
    }

    @Override
    public EventPage find(TenantId tenant, EventFilter filter, long after, int limit) {
        return inner.find(tenant, filter, after, limit);
    }

    @Override
    public Optional<String> boot(HostId host) {
        return inner.boot(host);
    }

    @Override
    public void recordBoot(HostId host, String bootId) {
        inner.recordBoot(host, bootId);
    }

    @Override
    public int prune(Instant endedBefore) {
        return inner.prune(endedBefore);
    }
}

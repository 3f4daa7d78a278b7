package dev.skerry.server.sandboxes;

import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import java.time.Instant;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** All sandboxes that have not ended, by id and by key, and what they take. Thread-safe. */
final class Registry {
    private record Key(TenantId tenant, String text) {}

    private final ConcurrentHashMap<SandboxId, Entry> byId = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Key, Entry> byKey = new ConcurrentHashMap<>();

    /** Those whose insertion failed in a way that may have succeeded. */
    private final Set<SandboxId> uncertain = ConcurrentHashMap.newKeySet();

    /** Of each tenant, as a list shows them: a page of it need not count them all in the store. */
    private final ConcurrentHashMap<TenantId, Integer> shown = new ConcurrentHashMap<>();

    private final Ledger ledger;
    private final Tally tally = new Tally();

    Registry(int runningMax) {
        this.ledger = new Ledger(runningMax);
    }

    Tally tally() {
        return tally;
    }

    Ledger ledger() {
        return ledger;
    }

    Optional<Entry> get(SandboxId id) {
        return Optional.ofNullable(byId.get(id));
    }

    Collection<Entry> all() {
        return byId.values();
    }

    Set<SandboxId> uncertain() {
        return uncertain;
    }

    /** @return whoever has its key already; empty: it is in */
    Optional<Entry> add(Entry entry) {
        if (entry.key().isPresent()) {
            Entry other = byKey.putIfAbsent(keyOf(entry), entry);
            if (other != null) {
                return Optional.of(other);
            }
        }
        byId.put(entry.sandbox().id(), entry);
        return Optional.empty();
    }

    void remove(Entry entry) {
        byId.remove(entry.sandbox().id(), entry);
        if (entry.key().isPresent()) {
            byKey.remove(keyOf(entry), entry);
        }
        entry.lock();
        try {
            hold(entry, Holding.NOTHING);
            show(entry, false);
        } finally {
            entry.unlock();
        }
    }

    private static Key keyOf(Entry entry) {
        return new Key(entry.sandbox().tenant(), entry.key().orElseThrow());
    }

    /**
     * Takes what it needs to run, as a new one; with its lock held.
     *
     * @throws Failure {@code LIMIT_EXCEEDED}
     */
    void admit(Entry entry, Quota quota, Instant now) {
        reserve(entry, quota, new Ledger.Created(true, now));
    }

    /**
     * Takes what it needs to run, beyond what it has; with its lock held.
     *
     * @throws Failure {@code LIMIT_EXCEEDED}
     */
    void readmit(Entry entry, Quota quota, Instant now) {
        reserve(entry, quota, new Ledger.Created(false, now));
    }

    private void reserve(Entry entry, Quota quota, Ledger.Created created) {
        Holding wanted = Holding.running(entry.sandbox());
        ledger.reserve(entry.sandbox().tenant(), entry.held, wanted, quota, created);
        entry.held = wanted;
    }

    /** Counts it as its state says. */
    void count(Entry entry) {
        entry.lock();
        try {
            Optional<SandboxQuery.Visible> visible =
                    SandboxQuery.Visible.of(entry.sandbox().state());
            show(entry, entry.stored() && visible.equals(Optional.of(SandboxQuery.Visible.RUNNING)));
            hold(entry, entry.ended ? Holding.NOTHING : Holding.of(entry.sandbox(), entry.held));
        } finally {
            entry.unlock();
        }
    }

    private void show(Entry entry, boolean runs) {
        if (entry.shown != runs) {
            entry.shown = runs;
            shown.merge(entry.sandbox().tenant(), runs ? 1 : -1, (a, b) -> a + b == 0 ? null : a + b);
        }
    }

    private void hold(Entry entry, Holding next) {
        ledger.change(entry.sandbox().tenant(), entry.held, next);
        entry.held = next;
    }

    int running() {
        return Math.toIntExact(ledger.all().runs());
    }

    int running(TenantId tenant) {
        return shown.getOrDefault(tenant, 0);
    }
}

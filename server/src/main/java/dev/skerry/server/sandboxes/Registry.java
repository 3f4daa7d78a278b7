package dev.skerry.server.sandboxes;

import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** All sandboxes that have not ended, by id and by key, and how many of them run. Thread-safe. */
final class Registry {
    private record Key(TenantId tenant, String text) {}

    private final ConcurrentHashMap<SandboxId, Entry> byId = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Key, Entry> byKey = new ConcurrentHashMap<>();

    /** Those whose insertion failed in a way that may have succeeded. */
    private final Set<SandboxId> uncertain = ConcurrentHashMap.newKeySet();

    private final AtomicInteger running = new AtomicInteger();

    /** Of each tenant, as a list shows them: a page of it need not count them all in the store. */
    private final ConcurrentHashMap<TenantId, Integer> shown = new ConcurrentHashMap<>();

    private final int runningMax;

    Registry(int runningMax) {
        this.runningMax = runningMax;
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
            vacate(entry);
            show(entry, false);
        } finally {
            entry.unlock();
        }
    }

    private static Key keyOf(Entry entry) {
        return new Key(entry.sandbox().tenant(), entry.key().orElseThrow());
    }

    /**
     * Counts it among those that run; with its lock held.
     *
     * @throws Failure {@code LIMIT_EXCEEDED}
     */
    void occupy(Entry entry) {
        if (entry.occupies) {
            return;
        }
        int before = running.getAndUpdate(count -> count < runningMax ? count + 1 : count);
        if (before >= runningMax) {
            throw new Failure(
                    ErrorCode.LIMIT_EXCEEDED,
                    "you have reached the maximum number of concurrent E2B sandboxes (" + runningMax + ")",
                    "end or pause one that is not needed; the operator sets the maximum");
        }
        entry.occupies = true;
    }

    /** Counts it as its state says. */
    void count(Entry entry) {
        entry.lock();
        try {
            Optional<SandboxQuery.Visible> visible =
                    SandboxQuery.Visible.of(entry.sandbox().state());
            show(entry, entry.stored() && visible.equals(Optional.of(SandboxQuery.Visible.RUNNING)));
            countRunning(entry);
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

    private void countRunning(Entry entry) {
        boolean runs =
                switch (entry.sandbox().state()) {
                    case SandboxState.Starting _,
                            SandboxState.Running _,
                            SandboxState.Pausing _,
                            SandboxState.Resuming _ -> true;
                    case SandboxState.Paused _, SandboxState.Stopping _, SandboxState.Stopped _ -> false;
                };
        if (!runs) {
            vacate(entry);
        } else if (!entry.occupies) {
            running.incrementAndGet();
            entry.occupies = true;
        }
    }

    private void vacate(Entry entry) {
        if (entry.occupies) {
            running.decrementAndGet();
            entry.occupies = false;
        }
    }

    int running() {
        return running.get();
    }

    int running(TenantId tenant) {
        return shown.getOrDefault(tenant, 0);
    }
}

package dev.skerry.server.sandboxes;

import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.SandboxNeeds;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All that keeps sandboxes going, without a thread of its own and without waiting for what it has set in motion:
 * {@link StoredSandboxes} waits, {@link Reconciler} drives. Thread-safe.
 */
final class SandboxEngine {
    private static final Logger LOG = LoggerFactory.getLogger(SandboxEngine.class);

    private final SandboxStore store;
    private final HostAgent host;
    private final Executor executor;
    private final Rules rules;
    private final Registry registry;
    private final Alarms alarms = new Alarms();
    private final Transitions transitions;
    private final Drift drift;

    /**
     * What it goes by.
     *
     * @param runningMax sandboxes that run at a time
     * @param quotas of each tenant; {@code NOT_FOUND} for one that there is not
     * @param confirmation how far apart two observations are at least that are to be believed
     * @param random of ids
     */
    record Rules(int runningMax, Function<TenantId, Quota> quotas, Duration confirmation, SecureRandom random) {}

    /** What became of a wish to create one. */
    sealed interface Begun {
        /** It is stored, and being started. */
        record New(Entry entry) implements Begun {}

        /** Somebody else's creation has the key; perhaps it is not stored yet. */
        record Existing(Entry entry) implements Begun {}
    }

    SandboxEngine(SandboxStore store, HostAgent host, Rules rules, InstantSource clock, Executor executor) {
        this.store = store;
        this.host = host;
        this.executor = executor;
        this.rules = rules;
        this.registry = new Registry(rules.runningMax());
        this.transitions = new Transitions(store, host, registry, alarms, clock, executor);
        this.drift = new Drift(store, host, registry, transitions, rules.confirmation());
    }

    /** Takes up what a process before this one has left, and has its effects issued again. */
    void load() {
        for (SandboxStore.Live live : store.live()) {
            Entry entry = new Entry(live.sandbox(), live.key(), true);
            Optional<Entry> other = registry.add(entry);
            if (other.isPresent()) {
                throw new IllegalStateException(
                        "two sandboxes have one key: " + entry.sandbox().id());
            }
            entry.lock();
            try {
                registry.count(entry);
                alarms.set(entry.sandbox().id(), Effects.alarm(entry.sandbox()));
            } finally {
                entry.unlock();
            }
        }
    }

    /** After the first look at the host, which may say that it was restarted. */
    void start() {
        registry.all().forEach(transitions::wake);
    }

    /**
     * Stores a new one and sets its start in motion. It is in memory before it is in the store, and in the store before
     * its host hears of it: so whoever looks at the host never takes it for a stray. Where the host has one that is
     * ready, its id is the new one's; an id that may have been stored is not given back.
     */
    Begun begin(TenantId tenant, SandboxConfig config, Duration timeout, Optional<String> key) {
        Optional<SandboxId> ready = reserve(config);
        Instant now = transitions.now();
        SandboxLifecycle.Wish wish = new SandboxLifecycle.Wish(tenant, config, timeout, Origin.current());
        SandboxId id = ready.orElseGet(() -> SandboxId.create(now, rules.random()));
        Decision.Changed first = SandboxLifecycle.create(id, wish, host.id(), now);
        Entry entry = new Entry(first.sandbox(), key, false);
        Optional<Entry> other = registry.add(entry);
        if (other.isPresent()) {
            ready.ifPresent(host::giveBack);
            return new Begun.Existing(other.get());
        }
        boolean stored = false;
        boolean uncertain = false;
        try {
            admit(entry, now);
            uncertain = true; // until the store has answered
            Optional<Sandbox> holder = store.insert(first.sandbox(), key, first.notes());
            uncertain = false;
            if (holder.isPresent()) {
                // Left by an insertion that threw and had happened all the same.
                registry.uncertain().add(holder.get().id());
                throw new Failure(
                        ErrorCode.CONFLICT,
                        "an earlier request with this idempotency key failed, and what is left of it is being removed",
                        "try again in a moment");
            }
            stored = true;
        } finally {
            if (!stored) {
                registry.remove(entry);
                entry.markEnded();
                if (uncertain) {
                    registry.uncertain().add(id);
                } else {
                    ready.ifPresent(host::giveBack);
                }
            }
        }
        entry.markStored();
        registry.count(entry);
        alarms.set(id, Effects.alarm(first.sandbox()));
        transitions.wake(entry);
        return new Begun.New(entry);
    }

    /** The id of one that is ready; where the host cannot say, one is made. */
    private Optional<SandboxId> reserve(SandboxConfig config) {
        try {
            return host.reserve(
                    new SandboxNeeds(config.template(), config.floor(), config.limits(), config.privilege()));
        } catch (RuntimeException e) {
            LOG.debug("the host cannot say whether a sandbox is ready", e);
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private void admit(Entry entry, Instant now) {
        Quota quota = rules.quotas().apply(entry.sandbox().tenant());
        entry.lock();
        try {
            registry.admit(entry, quota, now);
        } finally {
            entry.unlock();
        }
    }

    Decision apply(Entry entry, LifecycleEvent event) {
        return transitions.apply(entry, event);
    }

    /** {@code ResumeAsked}, if one more may run. */
    Decision resume(Entry entry, LifecycleEvent.ResumeAsked asked) {
        Quota quota = rules.quotas().apply(entry.sandbox().tenant());
        entry.lock();
        try {
            if (entry.stored() && entry.sandbox().state() instanceof SandboxState.Paused) {
                registry.readmit(entry, quota, transitions.now());
            }
            return transitions.apply(entry, asked);
        } finally {
            registry.count(entry);
            entry.unlock();
        }
    }

    Optional<Entry> find(SandboxId id) {
        return registry.get(id).filter(Entry::stored);
    }

    int running() {
        return registry.running();
    }

    int running(TenantId tenant) {
        return registry.running(tenant);
    }

    Collection<Entry> entries() {
        return registry.all();
    }

    Ledger ledger() {
        return registry.ledger();
    }

    void wakeWaiters() {
        registry.all().forEach(Entry::wakeWaiters);
    }

    Tally tally() {
        return registry.tally();
    }

    /** Those whose time, or whose transition's, was over that long ago. */
    long overdue(Duration by) {
        Instant before = transitions.now().minus(by);
        return registry.all().stream()
                .filter(entry -> entry.stored()
                        && Effects.alarm(entry.sandbox())
                                .filter(before::isAfter)
                                .isPresent())
                .count();
    }

    /** Those whose host could not be told, and is told again. */
    long retrying() {
        return registry.all().stream().filter(Entry::retries).count();
    }

    Alarms alarms() {
        return alarms;
    }

    /** Looks at those whose alarms went off. */
    void ring(List<SandboxId> due) {
        for (SandboxId id : due) {
            registry.get(id).ifPresent(entry -> executor.execute(() -> transitions.tick(entry)));
        }
    }

    /** @return whether to look again soon */
    boolean compareWithHost() {
        return drift.pass();
    }

    int prune(Duration keep) {
        return store.prune(transitions.now().minus(keep));
    }
}

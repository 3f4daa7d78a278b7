package dev.skerry.server.sandboxes;

import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostFacts;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.Incarnation;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares what a host has with what is stored. An observation counts for a sandbox only if nothing was changed about
 * it from before the host was asked until now. What would be lost if the host was wrong is believed when it was seen
 * twice.
 */
final class Drift {
    private static final Logger LOG = LoggerFactory.getLogger(Drift.class);

    private final SandboxStore store;
    private final HostAgent host;
    private final Registry registry;
    private final Transitions transitions;
    private final Duration confirmation;
    private final ReentrantLock lock = new ReentrantLock();

    /** What was seen, and since when in every pass. */
    private Map<Suspicion, Instant> suspicions = Map.of();

    private Map<Suspicion, Instant> stillSuspected = new HashMap<>();
    private Cause lost = Cause.HOST_LOST;

    /** As it was before the host was asked. */
    private record Known(Entry entry, long revision) {
        SandboxId id() {
            return entry.sandbox().id();
        }

        boolean quiet() {
            return entry.isQuietAt(entry.sandbox().revision()) || !entry.stored();
        }

        /** Nothing but its end can be believed of one that something is being done to. */
        boolean stillMeans(LifecycleEvent event) {
            boolean end = event instanceof LifecycleEvent.HostEnded || event instanceof LifecycleEvent.HostLost;
            return end ? entry.isAt(revision) : entry.isQuietAt(revision);
        }
    }

    private sealed interface Suspicion {
        /** The host does not have it. */
        record Missing(Incarnation incarnation, long revision) implements Suspicion {}

        /** The host has it, and should not. */
        record Stray(Incarnation incarnation) implements Suspicion {}

        record DiskMissing(SandboxId id, long revision) implements Suspicion {}

        record StrayDisk(SandboxId id) implements Suspicion {}
    }

    /** @param confirmation how far apart two observations are at least */
    Drift(SandboxStore store, HostAgent host, Registry registry, Transitions transitions, Duration confirmation) {
        this.store = store;
        this.host = host;
        this.registry = registry;
        this.transitions = transitions;
        this.confirmation = confirmation;
    }

    /** @return whether something was seen that has to be seen once more */
    boolean pass() {
        lock.lock();
        try {
            stillSuspected = new HashMap<>();
            findUncertain();
            List<Known> before = registry.all().stream()
                    .filter(Entry::stored)
                    .map(entry -> new Known(entry, entry.sandbox().revision()))
                    .toList();
            HostFacts facts = host.facts();
            boolean rebooted = bootChanged(facts);
            lost = rebooted ? Cause.HOST_REBOOTED : Cause.HOST_LOST;
            List<HostedSandbox> hosted = host.list();
            Set<SandboxId> disks = new HashSet<>(host.disks());
            Map<Incarnation, HostedSandbox> byIncarnation =
                    hosted.stream().collect(Collectors.toMap(HostedSandbox::incarnation, one -> one, (a, _) -> a));
            before.forEach(known -> guarded(known.id(), () -> compare(known, byIncarnation, disks)));
            hosted.forEach(one -> guarded(one.incarnation().id(), () -> findStray(one)));
            disks.forEach(id -> guarded(id, () -> findStrayDisk(id)));
            if (rebooted) {
                perhapsRecordBoot(facts, before);
            }
            return rebooted
                    || !stillSuspected.isEmpty()
                    || !registry.uncertain().isEmpty();
        } finally {
            suspicions = stillSuspected;
            lock.unlock();
        }
    }

    /** What cannot be done for one does not keep the others from it. */
    private void guarded(SandboxId id, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            LOG.warn("sandbox {} could not be put right", id, e);
        }
    }

    private boolean confirmed(Suspicion suspicion) {
        Instant now = transitions.now();
        Instant since = suspicions.getOrDefault(suspicion, now);
        stillSuspected.put(suspicion, since);
        return suspicions.containsKey(suspicion) && !now.isBefore(since.plus(confirmation));
    }

    /**
     * Whose insertion threw: nobody was given its id, so it is ended if it is there after all. If it is not, its id may
     * be that of one which was ready, and which nobody will start now.
     */
    private void findUncertain() {
        for (SandboxId id : List.copyOf(registry.uncertain())) {
            guarded(id, () -> {
                Optional<Sandbox> stored = store.get(id);
                if (registry.get(id).isEmpty() && stored.isEmpty()) {
                    host.destroy(new Incarnation(id, 1), Duration.ZERO);
                    host.discardDisk(id);
                } else if (registry.get(id).isEmpty()
                        && !(stored.orElseThrow().state() instanceof SandboxState.Stopped)) {
                    Entry entry = new Entry(stored.get(), Optional.empty(), true);
                    registry.add(entry);
                    transitions.apply(entry, new LifecycleEvent.KillAsked());
                }
                registry.uncertain().remove(id);
            });
        }
    }

    /** Whether sandboxes that are missing are so because the host was restarted. */
    private boolean bootChanged(HostFacts facts) {
        Optional<String> known = store.boot(facts.id());
        if (known.isEmpty()) {
            store.recordBoot(facts.id(), facts.bootId());
        }
        return known.filter(boot -> !boot.equals(facts.bootId())).isPresent();
    }

    /** Only when it is known of each sandbox whether it is of the boot before: after a crash it is asked again. */
    private void perhapsRecordBoot(HostFacts facts, List<Known> all) {
        boolean missing = stillSuspected.keySet().stream().anyMatch(Suspicion.Missing.class::isInstance);
        if (!missing && all.stream().allMatch(Known::quiet)) {
            LOG.warn("host {} was restarted: what ran there has ended", facts.id());
            store.recordBoot(facts.id(), facts.bootId());
        }
    }

    private void compare(Known known, Map<Incarnation, HostedSandbox> hosted, Set<SandboxId> disks) {
        if (!known.entry().isAt(known.revision())) {
            return;
        }
        Sandbox sandbox = known.entry().sandbox();
        Optional<HostedSandbox> there = Optional.ofNullable(hosted.get(sandbox.incarnation()));
        Optional<LifecycleEvent> event =
                switch (sandbox.state()) {
                    case SandboxState.Running _ -> there.isPresent() ? seen(there.get()) : missing(sandbox);
                    case SandboxState.Paused paused ->
                        switch (paused.kind()) {
                            case MEMORY -> there.isPresent() ? seen(there.get()) : missing(sandbox);
                            case DISK -> onlyDisk(sandbox, there, disks);
                        };
                    case SandboxState.Starting _,
                            SandboxState.Pausing _,
                            SandboxState.Resuming _,
                            SandboxState.Stopping _,
                            SandboxState.Stopped _ -> Optional.empty();
                };
        event.ifPresent(found -> {
            Decision decision = transitions.apply(known.entry(), found, () -> known.stillMeans(found));
            if (!(decision instanceof Decision.Unchanged)) {
                LOG.info("sandbox {}: {} while it is {}", sandbox.id(), found, sandbox.state());
            }
        });
    }

    private static Optional<LifecycleEvent> seen(HostedSandbox hosted) {
        long generation = hosted.incarnation().generation();
        return switch (hosted.state()) {
            case STARTING -> Optional.empty();
            case RUNNING -> Optional.of(new LifecycleEvent.HostRunning(generation));
            case FROZEN -> Optional.of(new LifecycleEvent.HostFrozen(generation));
            case ENDED -> hosted.end().map(end -> new LifecycleEvent.HostEnded(generation, end));
        };
    }

    private Optional<LifecycleEvent> missing(Sandbox sandbox) {
        return confirmed(new Suspicion.Missing(sandbox.incarnation(), sandbox.revision()))
                ? Optional.of(new LifecycleEvent.HostLost(sandbox.generation(), lost))
                : Optional.empty();
    }

    private Optional<LifecycleEvent> onlyDisk(Sandbox sandbox, Optional<HostedSandbox> there, Set<SandboxId> disks) {
        if (there.isPresent()) {
            return confirmed(new Suspicion.Stray(sandbox.incarnation()))
                    ? Optional.of(new LifecycleEvent.HostRunning(sandbox.generation()))
                    : Optional.empty();
        }
        return !disks.contains(sandbox.id()) && confirmed(new Suspicion.DiskMissing(sandbox.id(), sandbox.revision()))
                ? Optional.of(new LifecycleEvent.DiskLost())
                : Optional.empty();
    }

    /** An entry is in memory before its host hears of it, so what has none is not being started. */
    private void findStray(HostedSandbox hosted) {
        Incarnation incarnation = hosted.incarnation();
        boolean known = registry.get(incarnation.id())
                .filter(entry -> entry.sandbox().generation() == incarnation.generation())
                .isPresent();
        if (!known
                && confirmed(new Suspicion.Stray(incarnation))
                && !lives(incarnation.id(), incarnation.generation())) {
            LOG.info("sandbox {} on the host belongs to nobody: destroyed", incarnation);
            registry.tally().stray();
            host.destroy(incarnation, Duration.ZERO);
        }
    }

    private void findStrayDisk(SandboxId id) {
        if (registry.get(id).isEmpty() && confirmed(new Suspicion.StrayDisk(id)) && !lives(id, 0)) {
            LOG.info("the disk of sandbox {} on the host belongs to nobody: discarded", id);
            registry.tally().stray();
            host.discardDisk(id);
        }
    }

    /** @param generation 0: any */
    private boolean lives(SandboxId id, long generation) {
        Optional<Sandbox> stored = store.get(id);
        boolean lives = stored.isPresent()
                && !(stored.get().state() instanceof SandboxState.Stopped)
                && (generation == 0 || stored.get().generation() == generation);
        if (lives && registry.get(id).isEmpty()) {
            registry.uncertain().add(id);
        }
        return lives;
    }
}

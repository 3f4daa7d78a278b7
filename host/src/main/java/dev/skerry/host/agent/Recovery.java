package dev.skerry.host.agent;

import dev.skerry.host.disks.Disks;
import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.SandboxView;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostListener;
import dev.skerry.wire.hosts.Incarnation;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds again what an agent before this one has left. */
final class Recovery {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

    /** Nobody waits longer for shims that do not answer; these are tried again when they are needed. */
    private static final Duration ANSWERS_BOUND = Duration.ofSeconds(1);

    /** How long leftovers of other commands wait for somebody to ask, as everywhere. */
    private static final Duration KEEP_UNASKED = Duration.ofHours(1);

    private static final Duration DISK_BOUND = Duration.ofSeconds(30);

    private final Engine engine;
    private final Disks disks;
    private final DiskHolders holders;
    private final HostListener listener;

    Recovery(Engine engine, Disks disks, DiskHolders holders, HostListener listener) {
        this.engine = engine;
        this.disks = disks;
        this.holders = holders;
        this.listener = listener;
    }

    /** Afterwards all are among the lives, also those that are still being taken over. */
    void findAll(Map<Incarnation, Life> lives) throws InterruptedException {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            engine.hosted().forEach(view -> threads.execute(() -> look(view, lives)));
        }
        // Not closed, which would wait for all of them.
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        lives.values().forEach(life -> threads.execute(() -> takeOver(life)));
        threads.shutdown();
        if (!threads.awaitTermination(ANSWERS_BOUND.toNanos(), TimeUnit.NANOSECONDS)) {
            LOG.warn("some sandboxes do not answer yet; the others do not wait for them");
        }
    }

    /**
     * Removes what dead sandboxes have left, and what waited for somebody until its agent was gone. Its disk last:
     * whoever dies before that leaves a disk that no sandbox has, which a server finds.
     */
    void clear() {
        try {
            List<SandboxId> unclaimed = engine.list().stream()
                    .filter(view -> view.record().fleeting() && view.record().onDisk())
                    .map(SandboxView::id)
                    .toList();
            engine.reaper().reap(KEEP_UNASKED);
            unclaimed.stream()
                    .filter(id -> disks.awaitFree(id, DISK_BOUND, () -> false))
                    .forEach(disks::discard);
        } catch (RuntimeException e) {
            LOG.atWarn().setCause(e).log("something of dead sandboxes is left; 'skerry doctor' shows it");
        }
    }

    private void look(SandboxView view, Map<Incarnation, Life> lives) {
        Incarnation incarnation = view.record().incarnation();
        try {
            Optional<SandboxEnd> end = engine.end(incarnation);
            if (end.isEmpty() && view.state() == SandboxView.State.ENDED) {
                engine.settle(incarnation);
                end = engine.end(incarnation);
                if (end.isEmpty()) {
                    return; // It never came to run: starting it is possible again.
                }
            }
            Life life = Life.found(view.record(), () -> engine.adopt(incarnation, listener));
            lives.put(incarnation, life);
            if (end.isPresent()) {
                life.ended(end.get());
            } else {
                holders.hold(life);
            }
        } catch (RuntimeException e) {
            notFound(incarnation, e);
        }
    }

    private void takeOver(Life life) {
        try {
            find(life);
        } catch (RuntimeException e) {
            notFound(life.incarnation(), e);
        }
    }

    private static void notFound(Incarnation incarnation, RuntimeException cause) {
        LOG.atError().addKeyValue("sandbox", incarnation).setCause(cause).log("a sandbox could not be found again");
    }

    /** Takes it over, unless that was done; one that has ended meanwhile is known to have. */
    void find(Life life) {
        try {
            life.find();
        } catch (Failure e) {
            Optional<SandboxEnd> end = engine.end(life.incarnation());
            if (end.isEmpty()) {
                throw e;
            }
            life.ended(end.get());
            holders.release(life);
        }
    }
}

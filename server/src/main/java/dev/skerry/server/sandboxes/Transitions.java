package dev.skerry.server.sandboxes;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.hosts.HostAgent;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes events to decisions, decisions to the store, and only then effects to the host. What a host refuses becomes the
 * next event; what it cannot be told now is told again later. Thread-safe.
 */
final class Transitions {
    private static final Logger LOG = LoggerFactory.getLogger(Transitions.class);
    private static final Duration RETRY_FIRST = Duration.ofMillis(200);
    private static final Duration RETRY_LAST = Duration.ofSeconds(5);

    private final SandboxStore store;
    private final HostHands hands;
    private final Registry registry;
    private final Alarms alarms;
    private final InstantSource clock;
    private final Executor executor;

    /** Something to do in a turn; without an effect: all of them are carried out. */
    private record Work(Sandbox sandbox, Optional<Effect> effect) {}

    Transitions(
            SandboxStore store,
            HostAgent host,
            Registry registry,
            Alarms alarms,
            InstantSource clock,
            Executor executor) {
        this.store = store;
        this.hands = new HostHands(host);
        this.registry = registry;
        this.alarms = alarms;
        this.clock = clock;
        this.executor = executor;
    }

    /** As exact as it is stored. */
    Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    Decision apply(Entry entry, LifecycleEvent event) {
        return apply(entry, event, () -> true);
    }

    /** @param still asked with the entry's lock held: whether the event means anything any more */
    Decision apply(Entry entry, LifecycleEvent event, BooleanSupplier still) {
        Origin origin = event instanceof LifecycleEvent.Asked ? Origin.current() : Origin.NONE;
        entry.lock();
        try {
            resolveDoubt(entry);
            while (entry.stored() && still.getAsBoolean()) {
                Decision decision = SandboxLifecycle.decide(entry.sandbox(), event, now(), origin);
                switch (decision) {
                    case Decision.Changed changed -> {
                        if (write(entry, changed)) {
                            moved(entry, changed, event);
                            return decision;
                        }
                        if (!reload(entry)) {
                            throw new IllegalStateException("the store does not take " + changed.sandbox());
                        }
                    }
                    case Decision.Repeated repeated -> {
                        entry.append(repeated.effects());
                        wake(entry);
                        return decision;
                    }
                    case Decision.Unchanged _, Decision.Refused _ -> {
                        return decision;
                    }
                }
            }
            return event instanceof LifecycleEvent.Asked && !entry.stored()
                    ? Refusals.notFound(entry.sandbox().id())
                    : new Decision.Unchanged();
        } finally {
            entry.unlock();
        }
    }

    private boolean write(Entry entry, Decision.Changed changed) {
        try {
            return store.replace(changed.sandbox(), changed.notes());
        } catch (RuntimeException e) {
            // It may have happened; then nobody else would ever carry it out.
            entry.doubtful = true;
            setAlarm(entry);
            throw e;
        }
    }

    private void resolveDoubt(Entry entry) {
        if (entry.doubtful && entry.stored()) {
            boolean _ = reload(entry);
        }
    }

    private void moved(Entry entry, Decision.Changed changed, LifecycleEvent event) {
        SandboxState before = entry.sandbox().state();
        entry.become(changed.sandbox(), changed.effects());
        settle(entry);
        if (changed.sandbox().state() instanceof SandboxState.Stopped) {
            registry.tally().ended(changed.sandbox());
        } else if (event instanceof LifecycleEvent.Started started) {
            registry.tally().started(started.warm());
        }
        SandboxState state = changed.sandbox().state();
        letIn(entry, before);
        boolean late = event instanceof LifecycleEvent.DeadlinePassed;
        if (late && !entry.starting) {
            // Whoever has the turn has had it for too long.
            entry.turn = Entry.IDLE;
        } else if (entry.turn != Entry.IDLE && (late || state instanceof SandboxState.Stopping)) {
            // What is under way is not wanted any more. A start is waited for all the same: were it given up, it could
            // reach the host behind what undoes it.
            execute(() -> hands.hurry(changed.sandbox()));
        }
        wake(entry);
    }

    /** Opens it to callers, or closes it, as it has become. */
    private static void letIn(Entry entry, SandboxState before) {
        SandboxState state = entry.sandbox().state();
        if (state instanceof SandboxState.Running && !(before instanceof SandboxState.Running)) {
            entry.openStreams().ifPresent(OpenStreams::reopen);
        } else if (state instanceof SandboxState.Stopping || state instanceof SandboxState.Paused) {
            entry.openStreams().ifPresent(OpenStreams::shut);
        }
    }

    private void settle(Entry entry) {
        if (entry.sandbox().state() instanceof SandboxState.Stopped) {
            forget(entry);
        } else {
            registry.count(entry);
            setAlarm(entry);
        }
    }

    private void forget(Entry entry) {
        entry.markEnded();
        registry.remove(entry);
        alarms.set(entry.sandbox().id(), Optional.empty());
    }

    /**
     * Another one has changed it, or a write that threw had happened.
     *
     * @return whether that is so
     */
    private boolean reload(Entry entry) {
        Optional<Sandbox> stored = store.get(entry.sandbox().id());
        entry.doubtful = false;
        if (stored.isEmpty()) {
            forget(entry);
            return true;
        }
        if (stored.get().revision() == entry.sandbox().revision()) {
            return false;
        }
        SandboxState before = entry.sandbox().state();
        entry.become(stored.get(), Effects.of(stored.get()));
        settle(entry);
        letIn(entry, before);
        wake(entry);
        return true;
    }

    private void execute(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("the server is being stopped", e);
        }
    }

    private void setAlarm(Entry entry) {
        if (entry.doubtful) {
            alarms.set(entry.sandbox().id(), Optional.of(now().plus(RETRY_FIRST)));
            return;
        }
        Optional<Instant> own = Effects.alarm(entry.sandbox());
        Optional<Instant> retry = entry.retryAt;
        boolean retryFirst =
                retry.isPresent() && own.filter(retry.get()::isAfter).isEmpty();
        alarms.set(entry.sandbox().id(), retryFirst ? retry : own);
    }

    /** An alarm went off. */
    void tick(Entry entry) {
        entry.lock();
        try {
            if (!entry.stored()) {
                return;
            }
            resolveDoubt(entry);
            Instant now = now();
            if (entry.retryAt.filter(at -> !now.isBefore(at)).isPresent()) {
                entry.retryAt = Optional.empty();
                wake(entry);
            }
            if (Effects.alarm(entry.sandbox()).filter(at -> !now.isBefore(at)).isPresent()) {
                apply(
                        entry,
                        entry.sandbox().state() instanceof SandboxState.Running
                                ? new LifecycleEvent.Expired()
                                : new LifecycleEvent.DeadlinePassed());
            }
            if (entry.stored()) {
                setAlarm(entry);
            }
        } catch (RuntimeException e) {
            LOG.warn(
                    "sandbox {} is past its time, and that could not be stored",
                    entry.sandbox().id(),
                    e);
            alarms.set(entry.sandbox().id(), Optional.of(now().plus(RETRY_LAST)));
        } finally {
            entry.unlock();
        }
    }

    /** Lets somebody carry out what is pending, unless somebody does. */
    void wake(Entry entry) {
        entry.lock();
        try {
            if (entry.stored() && entry.turn == Entry.IDLE && entry.retryAt.isEmpty() && hasWork(entry)) {
                entry.turns++;
                long turn = entry.turns;
                entry.turn = turn;
                execute(() -> run(entry, turn));
            }
        } finally {
            entry.unlock();
        }
    }

    private static boolean hasWork(Entry entry) {
        return !entry.pending.isEmpty()
                || entry.completion(entry.sandbox().state()).isPresent();
    }

    private void run(Entry entry, long turn) {
        try {
            Optional<Work> work = take(entry, turn);
            while (work.isPresent()) {
                carryOut(entry, turn, work.get());
                work = take(entry, turn);
            }
        } catch (InterruptedException e) {
            // The server is being stopped; the next one goes on from the store.
            Thread.currentThread().interrupt();
        }
    }

    private static Optional<Work> take(Entry entry, long turn) {
        entry.lock();
        try {
            if (entry.turn != turn) {
                return Optional.empty();
            }
            if (entry.stored() && entry.retryAt.isEmpty() && hasWork(entry)) {
                Work work = new Work(entry.sandbox(), Optional.ofNullable(entry.pending.poll()));
                entry.starting =
                        work.effect().filter(Effect.StartOn.class::isInstance).isPresent();
                return Optional.of(work);
            }
            entry.turn = Entry.IDLE;
            entry.starting = false;
            entry.wakeWaiters();
            return Optional.empty();
        } finally {
            entry.unlock();
        }
    }

    private void carryOut(Entry entry, long turn, Work work) throws InterruptedException {
        try {
            if (work.effect().isPresent()) {
                hands.carryOut(entry, work.effect().get());
            } else {
                LifecycleEvent done = entry.completion(work.sandbox().state()).orElseThrow();
                apply(entry, done, () -> same(entry, turn, work.sandbox()));
            }
        } catch (RuntimeException e) {
            failed(entry, turn, work, e);
        }
    }

    private static boolean same(Entry entry, long turn, Sandbox seen) {
        return entry.turn == turn
                && entry.sandbox().generation() == seen.generation()
                && entry.sandbox().state().equals(seen.state());
    }

    private void failed(Entry entry, long turn, Work work, RuntimeException cause) {
        SandboxState state = work.sandbox().state();
        if (cause instanceof Failure) {
            LOG.debug("sandbox {} in state {}: {} failed", work.sandbox().id(), state, work.effect(), cause);
        } else {
            LOG.warn("sandbox {} in state {}: {} failed", work.sandbox().id(), state, work.effect(), cause);
        }
        try {
            Optional<LifecycleEvent> event =
                    work.effect().flatMap(effect -> hands.meaning(work.sandbox(), effect, cause));
            if (event.isPresent()) {
                apply(entry, event.get(), () -> {
                    boolean same = same(entry, turn, work.sandbox());
                    if (same) {
                        entry.failed(state, failure(cause));
                    }
                    return same;
                });
                if (!entry.sandbox().state().equals(state)) {
                    return;
                }
            }
        } catch (RuntimeException e) {
            LOG.warn(
                    "what became of sandbox {} could not be stored",
                    work.sandbox().id(),
                    e);
        }
        retryLater(entry, turn, work);
    }

    private static Failure failure(RuntimeException cause) {
        return cause instanceof Failure failure ? failure : new Failure(ErrorCode.INTERNAL, "the host failed", cause);
    }

    private void retryLater(Entry entry, long turn, Work work) {
        entry.lock();
        try {
            if (!same(entry, turn, work.sandbox())) {
                return;
            }
            work.effect().ifPresent(entry::putBack);
            Duration pause = RETRY_FIRST.multipliedBy(1L << Math.min(entry.failures, 10));
            entry.failures++;
            entry.retryAt = Optional.of(now().plus(pause.compareTo(RETRY_LAST) < 0 ? pause : RETRY_LAST));
            setAlarm(entry);
        } finally {
            entry.unlock();
        }
    }
}

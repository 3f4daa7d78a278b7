package dev.skerry.server.sandboxes;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.hosts.HostedSandbox;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the server has in memory of a sandbox that has not ended. Its lock is held while its next state is stored, never
 * while a host is spoken to. One thread at a time carries out its effects: whoever has the turn.
 */
final class Entry {
    /** Nobody has the turn. */
    static final long IDLE = 0;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Optional<String> key;

    private volatile Sandbox sandbox;
    private volatile @Nullable LiveSandbox live;
    private volatile Optional<Sandbox> started = Optional.empty();

    /** It is in the store; false while that is not known yet, and once it has ended. */
    private volatile boolean stored;

    // Guarded by the lock, all below.
    final Deque<Effect> pending = new ArrayDeque<>();
    long turn = IDLE;
    long turns;
    int failures;
    boolean ended;

    /** A write threw, and may have happened. */
    boolean doubtful;

    /** Whoever has the turn waits for a start. */
    boolean starting;

    /** What the ledger has written down for it. */
    Holding held = Holding.NOTHING;

    /** It is counted among those that a list shows as running. */
    boolean shown;

    Optional<Instant> retryAt = Optional.empty();
    private Isolation achieved;
    private boolean warm;
    private @Nullable OpenStreams streams;
    private long streamsGeneration;
    private @Nullable SandboxState failedState;
    private @Nullable Failure failure;

    Entry(Sandbox sandbox, Optional<String> key, boolean stored) {
        this.sandbox = sandbox;
        this.key = key;
        this.stored = stored;
        this.achieved = sandbox.config().floor();
        pending.addAll(Effects.of(sandbox));
    }

    Sandbox sandbox() {
        return sandbox;
    }

    Optional<String> key() {
        return key;
    }

    /** As it was when it began to run, if it was seen to. */
    Optional<Sandbox> started() {
        return started;
    }

    boolean stored() {
        return stored;
    }

    void lock() {
        lock.lock();
    }

    void unlock() {
        lock.unlock();
    }

    void markStored() {
        lock.lock();
        try {
            stored = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** It is not in the store, or ended there. */
    void markEnded() {
        lock.lock();
        try {
            stored = false;
            ended = true;
            live = null;
            pending.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void wakeWaiters() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** With the lock held. */
    void become(Sandbox next, List<Effect> effects) {
        if (!sandbox.state().equals(next.state())) {
            pending.clear();
        }
        if (sandbox.state() instanceof SandboxState.Starting && next.state() instanceof SandboxState.Running) {
            started = Optional.of(next);
        }
        if (succeeds(sandbox.state(), next.state())) {
            failedState = null;
            failure = null;
        }
        sandbox = next;
        live = null;
        append(effects);
        failures = 0;
        retryAt = Optional.empty();
        changed.signalAll();
    }

    /** Also at a later try: of one that failed it could not be stored that it did. */
    private static boolean succeeds(SandboxState before, SandboxState after) {
        return switch (after) {
            case SandboxState.Running _ ->
                before instanceof SandboxState.Starting || before instanceof SandboxState.Resuming;
            case SandboxState.Paused _ -> before instanceof SandboxState.Pausing;
            case SandboxState.Starting _,
                    SandboxState.Pausing _,
                    SandboxState.Resuming _,
                    SandboxState.Stopping _,
                    SandboxState.Stopped _ -> false;
        };
    }

    /** With the lock held. Of several deadlines the last one counts. */
    void append(List<Effect> effects) {
        for (Effect effect : effects) {
            if (effect instanceof Effect.SetDeadline) {
                pending.removeIf(Effect.SetDeadline.class::isInstance);
            }
            pending.remove(effect);
            pending.add(effect);
        }
    }

    /** With the lock held: to be tried again, before what came meanwhile. */
    void putBack(Effect effect) {
        boolean outdated =
                effect instanceof Effect.SetDeadline && pending.stream().anyMatch(Effect.SetDeadline.class::isInstance);
        if (!outdated && !pending.contains(effect)) {
            pending.addFirst(effect);
        }
    }

    /** With the lock held: nothing of it is under way or waiting to be. */
    boolean quiet() {
        return turn == IDLE && pending.isEmpty() && retryAt.isEmpty();
    }

    /** What it was to do last failed, and is tried again. */
    boolean retries() {
        lock.lock();
        try {
            return retryAt.isPresent();
        } finally {
            lock.unlock();
        }
    }

    boolean isQuietAt(long revision) {
        lock.lock();
        try {
            return stored && quiet() && sandbox.revision() == revision;
        } finally {
            lock.unlock();
        }
    }

    boolean isAt(long revision) {
        return stored && sandbox.revision() == revision;
    }

    /** It was started. */
    void achieved(HostedSandbox hosted) {
        lock.lock();
        try {
            achieved = hosted.isolation();
            warm = hosted.warm();
        } finally {
            lock.unlock();
        }
    }

    /** What that the effects of that state are all carried out means. */
    Optional<LifecycleEvent> completion(SandboxState state) {
        lock.lock();
        try {
            return Effects.completion(state, achieved, warm);
        } finally {
            lock.unlock();
        }
    }

    /** With the lock held: why it will leave that state, for those who wait for it. */
    void failed(SandboxState state, Failure why) {
        failedState = state;
        failure = why;
    }

    @Nullable
    LiveSandbox live() {
        return live;
    }

    /** The running sandbox, unless it is not that any more. */
    Optional<LiveSandbox> goLive(LiveSandbox fresh) {
        lock.lock();
        try {
            if (fresh.sandbox().revision() != sandbox.revision() || ended) {
                return Optional.empty();
            }
            live = fresh;
            return Optional.of(fresh);
        } finally {
            lock.unlock();
        }
    }

    /** Those of its present incarnation. */
    OpenStreams streams() {
        lock.lock();
        try {
            OpenStreams present = streams;
            if (present == null || streamsGeneration != sandbox.generation()) {
                present = new OpenStreams();
                streams = present;
                streamsGeneration = sandbox.generation();
            }
            return present;
        } finally {
            lock.unlock();
        }
    }

    /** Those that were ever asked for. */
    Optional<OpenStreams> openStreams() {
        lock.lock();
        try {
            return Optional.ofNullable(streams);
        } finally {
            lock.unlock();
        }
    }

    /** Waits until it is in another state, or has ended. */
    void awaitLeaving(SandboxState state, Duration bound, BooleanSupplier closed) throws InterruptedException {
        lock.lock();
        try {
            await(() -> ended || !sandbox.state().equals(state), bound, closed);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits likewise.
     *
     * @throws Failure why it left that state, if something failed
     */
    void awaitSuccess(SandboxState state, Duration bound, BooleanSupplier closed) throws InterruptedException {
        awaitLeaving(state, bound, closed);
        lock.lock();
        try {
            Failure why = failure;
            if (why != null && state.equals(failedState)) {
                throw new Failure(why.code(), why.getMessage(), why.hint().orElse(""), why);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Why it could not be started, if the host said so. */
    Optional<Failure> startFailure() {
        lock.lock();
        try {
            return failedState instanceof SandboxState.Starting ? Optional.ofNullable(failure) : Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until its host knows what it has to know of it. */
    void awaitQuiet(Duration bound, BooleanSupplier closed) throws InterruptedException {
        SandboxState state = sandbox.state();
        lock.lock();
        try {
            await(() -> ended || quiet() || !sandbox.state().equals(state), bound, closed);
        } finally {
            lock.unlock();
        }
    }

    /** @throws Failure {@code CONFLICT} */
    void failIfEnded() {
        if (SandboxQuery.Visible.of(sandbox.state()).isEmpty()) {
            throw new Failure(ErrorCode.CONFLICT, "Sandbox \"" + sandbox.id() + "\" is being killed");
        }
    }

    /** Lets it get through what makes it run. */
    void awaitRunning(Duration bound, BooleanSupplier closed) throws InterruptedException {
        SandboxState state = sandbox.state();
        if (state instanceof SandboxState.Starting || state instanceof SandboxState.Resuming) {
            awaitLeaving(state, bound, closed);
        }
    }

    /** Lets it get through what ends or pauses it. */
    void awaitSettled(Duration bound, BooleanSupplier closed) throws InterruptedException {
        SandboxState state = sandbox.state();
        if (state instanceof SandboxState.Pausing) {
            awaitLeaving(state, bound, closed);
        } else if (state instanceof SandboxState.Stopping) {
            awaitEnd(bound, closed);
        }
    }

    void awaitEnd(Duration bound, BooleanSupplier closed) throws InterruptedException {
        lock.lock();
        try {
            await(() -> ended, bound, closed);
        } finally {
            lock.unlock();
        }
    }

    /** Waits until it is known whether it is in the store. */
    void awaitStored(Duration bound, BooleanSupplier closed) throws InterruptedException {
        lock.lock();
        try {
            await(() -> ended || stored, bound, closed);
        } finally {
            lock.unlock();
        }
    }

    private void await(BooleanSupplier condition, Duration bound, BooleanSupplier closed) throws InterruptedException {
        long left = bound.toNanos();
        while (!condition.getAsBoolean()) {
            if (closed.getAsBoolean()) {
                throw new Failure(ErrorCode.NO_CAPACITY, "the server is being stopped", "try again in a moment");
            }
            if (left <= 0) {
                throw new Failure(
                        ErrorCode.DEADLINE_EXCEEDED,
                        "sandbox " + sandbox.id() + " did not get there within " + bound.toSeconds() + " seconds");
            }
            left = changed.awaitNanos(left);
        }
    }
}

package dev.skerry.server.interpreter;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A context: cells run in it one after the other and share variables. Its kernel starts when it is first needed, and
 * again when it has died. Thread-safe.
 */
final class CodeContext {
    private static final Logger LOG = LoggerFactory.getLogger(CodeContext.class);

    /** Executions that wait for their turn. */
    private static final int QUEUE_MAX = 64;

    private static final Duration DEATH_BOUND = Duration.ofSeconds(10);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(10);

    /** How long before each interrupt the code may take to stop by itself. */
    private static final List<Duration> INTERRUPTS =
            List.of(Duration.ofMillis(1), Duration.ofSeconds(1), Duration.ofSeconds(3));

    private final String id;
    private final Language language;
    private final boolean standing;
    private final String folder;
    private final KernelLauncher launcher;
    private final Duration patience;
    private final Semaphore turn = new Semaphore(1, true);
    private final AtomicInteger queued = new AtomicInteger();
    private final AtomicLong abandonedAt = new AtomicLong();
    private final ReentrantLock starting = new ReentrantLock();
    private volatile @Nullable Kernel kernel;
    private volatile boolean removed;

    /** @param patience how long code whose client has left may ignore interrupts while somebody else waits */
    CodeContext(
            String id, Language language, boolean standing, String folder, KernelLauncher launcher, Duration patience) {
        this.id = id;
        this.language = language;
        this.standing = standing;
        this.folder = folder;
        this.launcher = launcher;
        this.patience = patience;
    }

    String id() {
        return id;
    }

    Language language() {
        return language;
    }

    boolean standing() {
        return standing;
    }

    String folder() {
        return folder;
    }

    /** Its kernel, started if there is none. */
    Kernel ready() throws InterruptedException {
        starting.lockInterruptibly();
        try {
            if (removed) {
                throw new Failure(ErrorCode.NOT_FOUND, "Context " + id + " not found");
            }
            Kernel now = kernel;
            if (now == null || !now.alive()) {
                now = launcher.start(id, language, standing, folder);
                kernel = now;
            }
            return now;
        } finally {
            starting.unlock();
        }
    }

    /** Takes over one that runs; it may be at a cell whose client is gone. */
    void adopt(Kernel found) {
        kernel = found;
        if (!turn.tryAcquire()) {
            throw new IllegalStateException("a context that is in use adopts a kernel");
        }
        long question = found.ask();
        settle(bound -> quiet(found, question, bound), found);
    }

    private static boolean quiet(Kernel found, long question, Duration bound) throws InterruptedException {
        try {
            return found.answers(question, bound);
        } catch (Failure e) {
            return true; // it is dead, which is quiet enough
        }
    }

    /** Whether the code has stopped, within a time. */
    private interface Ended {
        boolean within(Duration bound) throws InterruptedException;
    }

    /** Waits on a thread of its own until the code has stopped, and tells it to; then it is the next one's turn. */
    private void settle(Ended ended, Kernel running) {
        abandonedAt.set(Math.max(1, System.nanoTime()));
        Thread.ofVirtual().name("context-" + id).start(() -> {
            try {
                for (Duration bound : INTERRUPTS) {
                    if (ended.within(bound)) {
                        break;
                    }
                    interrupt(running);
                }
                while (!ended.within(LOOK_EVERY)) {
                    // Its own time; or somebody who waits loses patience.
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                abandonedAt.set(0);
                turn.release();
            }
        });
    }

    private void interrupt(Kernel running) throws InterruptedException {
        try {
            running.interrupt();
        } catch (Failure e) {
            // A sandbox that is frozen meanwhile does not answer.
            LOG.atDebug().addKeyValue("context", id).setCause(e).log("code could not be interrupted");
        }
    }

    /** What runs on somebody's behalf; closing it gives up what has not ended. */
    final class Running implements AutoCloseable {
        private final Kernel at;
        private final Execution execution;

        private Running(Kernel at, Execution execution) {
            this.at = at;
            this.execution = execution;
        }

        Execution execution() {
            return execution;
        }

        @Override
        public void close() {
            if (execution.finished()) {
                turn.release();
                return;
            }
            execution.abandon();
            settle(execution::awaitEnd, at);
        }
    }

    /** Called now and then while an execution waits for its turn. */
    interface Waiting {
        void still() throws IOException;
    }

    /**
     * Runs a cell once it is its turn.
     *
     * @throws Failure {@code LIMIT_EXCEEDED} when too many wait
     */
    Running run(String code, Map<String, String> environment, Duration every, Waiting waiting)
            throws IOException, InterruptedException {
        if (queued.incrementAndGet() > QUEUE_MAX) {
            queued.decrementAndGet();
            throw new Failure(
                    ErrorCode.LIMIT_EXCEEDED,
                    "more than " + QUEUE_MAX + " executions wait for this context",
                    "wait for their ends, or make another context");
        }
        try {
            while (!turn.tryAcquire(every.toNanos(), TimeUnit.NANOSECONDS)) {
                waiting.still();
                killIfStuck();
            }
        } finally {
            queued.decrementAndGet();
        }
        boolean begun = false;
        try {
            Running running = begin(code, environment);
            begun = true;
            return running;
        } finally {
            if (!begun) {
                turn.release();
            }
        }
    }

    private Running begin(String code, Map<String, String> environment) throws InterruptedException {
        Kernel now = ready();
        try {
            return new Running(now, now.begin(code, environment));
        } catch (Failure e) {
            if (e.code() != ErrorCode.CONFLICT || now.alive()) {
                throw e;
            }
            // It ended this very moment, of something that an earlier cell had left behind.
            Kernel other = ready();
            return new Running(other, other.begin(code, environment));
        }
    }

    private void killIfStuck() throws InterruptedException {
        long since = abandonedAt.get();
        Kernel now = kernel;
        if (since != 0 && now != null && System.nanoTime() - since > patience.toNanos()) {
            LOG.atInfo().addKeyValue("context", id).log("code that ignores interrupts is killed for the one who waits");
            now.kill();
        }
    }

    /** Stops the code that runs now, if any. */
    void interrupt() throws InterruptedException {
        Kernel now = kernel;
        if (now != null && now.running().isPresent()) {
            now.interrupt();
        }
    }

    /** Without its variables; code that runs is ended. */
    void restart() throws InterruptedException {
        stop();
        ready();
    }

    void remove() throws InterruptedException {
        removed = true;
        stop();
    }

    private void stop() throws InterruptedException {
        starting.lockInterruptibly();
        try {
            Optional<Kernel> now = Optional.ofNullable(kernel).filter(Kernel::alive);
            if (now.isPresent()) {
                now.get().kill();
                if (!now.get().awaitDeath(DEATH_BOUND)) {
                    throw new Failure(ErrorCode.DEADLINE_EXCEEDED, "the kernel of context " + id + " does not end");
                }
            }
        } finally {
            starting.unlock();
        }
    }
}

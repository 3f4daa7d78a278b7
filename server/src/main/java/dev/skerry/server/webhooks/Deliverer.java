package dev.skerry.server.webhooks;

import dev.skerry.server.sandboxes.SandboxStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers what happens to sandboxes to webhooks, between {@link #start} and {@link #stop}; one server of a database at
 * a time should. Should two do it all the same, some arrives twice, and no position moves back. Thread-safe.
 */
public final class Deliverer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Deliverer.class);
    private static final Duration INTERVAL = Duration.ofMillis(500);
    private static final Duration STOP = Duration.ofSeconds(2);
    private static final int PROGRESS_MAX = 10_000;

    private final Round.Parts parts;
    private final Duration interval;
    private final Map<String, Progress> progress = new ConcurrentHashMap<>();
    private final LongAdder delivered = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private Optional<ExecutorService> threads = Optional.empty();

    public Deliverer(Webhooks webhooks, WebhookStore store, SandboxStore events, InstantSource clock) {
        this(new Round.Parts(store, events, webhooks.courier(), Retry.STANDARD, clock), INTERVAL);
    }

    /** @param interval between two looks at whether something is due */
    Deliverer(Round.Parts parts, Duration interval) {
        this.parts = parts;
        this.interval = interval;
    }

    /** Has no effect when it delivers already. */
    public synchronized void start() {
        if (threads.isPresent()) {
            return;
        }
        // Whoever has delivered meanwhile has moved on.
        progress.clear();
        ExecutorService fresh = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("webhooks-", 0).factory());
        threads = Optional.of(fresh);
        fresh.execute(() -> run(fresh));
    }

    /** Breaks off what is under way: that may have arrived, and will be delivered again. */
    public synchronized void stop() throws InterruptedException {
        if (threads.isPresent()) {
            ExecutorService old = threads.get();
            threads = Optional.empty();
            old.shutdownNow();
            if (!old.awaitTermination(STOP.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("deliveries of webhooks have not ended in time");
            }
        }
    }

    private void run(ExecutorService own) {
        try {
            while (!own.isShutdown()) {
                try {
                    pass(own);
                } catch (RejectedExecutionException e) {
                    return;
                } catch (RuntimeException e) {
                    LOG.atWarn().setCause(e).log("webhooks could not be looked at");
                }
                Thread.sleep(interval);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void pass(ExecutorService own) {
        long newest = parts.store().newestEvent();
        for (Webhook webhook : parts.store().due(newest, parts.clock().instant())) {
            Progress known = progress.computeIfAbsent(webhook.id(), _ -> new Progress());
            if (known.nothingUpTo < newest && known.enter()) {
                try {
                    own.execute(() -> round(own, webhook, known, newest));
                } catch (RejectedExecutionException e) {
                    known.leave();
                    throw e;
                }
            }
        }
        if (progress.size() > PROGRESS_MAX) {
            progress.values().removeIf(Progress::idle);
        }
    }

    private void round(ExecutorService own, Webhook webhook, Progress known, long newest) {
        Round round = new Round(parts, webhook, known);
        try {
            round.run(newest, own);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RejectedExecutionException e) {
            LOG.debug("deliveries are being stopped", e);
        } catch (RuntimeException e) {
            LOG.atWarn().addKeyValue("webhook", webhook.id()).setCause(e).log("a webhook could not be served");
        } finally {
            delivered.add(round.delivered());
            failed.add(round.failed());
            known.leave();
        }
    }

    /** Attempts since the start that were taken. */
    public long delivered() {
        return delivered.sum();
    }

    /** Attempts since the start that failed. */
    public long failed() {
        return failed.sum();
    }

    @Override
    public void close() {
        try {
            stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

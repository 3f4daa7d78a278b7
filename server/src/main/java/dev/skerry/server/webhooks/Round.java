package dev.skerry.server.webhooks;

import dev.skerry.server.sandboxes.SandboxEvent;
import dev.skerry.server.sandboxes.SandboxStore;
import dev.skerry.wire.SandboxId;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The next events of one webhook. Those of one sandbox go out one after the other, and none before the one before it
 * has arrived; sandboxes do not wait for each other. The position moves up to the first event that has not arrived.
 */
final class Round {
    private static final Logger LOG = LoggerFactory.getLogger(Round.class);
    private static final int EVENTS = 200;
    private static final int AT_ONCE = 8;

    private final Parts parts;
    private final Webhook webhook;
    private final Progress progress;
    private final ConcurrentLinkedQueue<Delivery> deliveries = new ConcurrentLinkedQueue<>();

    /** What rounds work with. */
    record Parts(WebhookStore store, SandboxStore events, Courier courier, Retry retry, InstantSource clock) {}

    Round(Parts parts, Webhook webhook, Progress progress) {
        this.parts = parts;
        this.webhook = webhook;
        this.progress = progress;
    }

    /** @param newest an event that was there before this was called */
    void run(long newest, ExecutorService threads) throws InterruptedException {
        if (webhook.health().equals(Webhook.Health.WELL)) {
            // Its owner has changed it since: what failed before is tried again at once.
            progress.waiting.clear();
        }
        List<SandboxEvent> batch = parts.events().eventsAfter(webhook.tenant(), webhook.position(), EVENTS);
        if (batch.isEmpty()) {
            progress.nothingUpTo = newest;
            return;
        }
        Map<SandboxId, List<SandboxEvent>> chains = chains(batch);
        progress.waiting.keySet().retainAll(chains.keySet());
        deliver(chains, threads);
        long position = batch.getLast().sequence();
        for (SandboxEvent event : batch) {
            if (type(event).isPresent() && !progress.delivered.contains(event.sequence())) {
                position = event.sequence() - 1;
                break;
            }
        }
        long reached = Math.max(position, webhook.position());
        finish(reached, reached < batch.getLast().sequence());
        progress.delivered.removeIf(sequence -> sequence <= reached);
    }

    private Optional<EventType> type(SandboxEvent event) {
        return EventType.of(event.kind()).filter(webhook.events()::contains);
    }

    private Map<SandboxId, List<SandboxEvent>> chains(List<SandboxEvent> batch) {
        Map<SandboxId, List<SandboxEvent>> chains = new LinkedHashMap<>();
        for (SandboxEvent event : batch) {
            if (type(event).isPresent() && !progress.delivered.contains(event.sequence())) {
                chains.computeIfAbsent(event.id(), _ -> new ArrayList<>()).add(event);
            }
        }
        return chains;
    }

    private void deliver(Map<SandboxId, List<SandboxEvent>> chains, ExecutorService threads)
            throws InterruptedException {
        Instant now = parts.clock().instant();
        Semaphore places = new Semaphore(AT_ONCE);
        List<Future<?>> running = new ArrayList<>();
        for (Map.Entry<SandboxId, List<SandboxEvent>> chain : chains.entrySet()) {
            Progress.Waiting waiting = progress.waiting.get(chain.getKey());
            if (waiting != null && now.isBefore(waiting.until())) {
                continue;
            }
            places.acquire();
            running.add(threads.submit(() -> {
                try {
                    inOrder(chain.getKey(), chain.getValue());
                } finally {
                    places.release();
                }
                return true;
            }));
        }
        for (Future<?> one : running) {
            try {
                Object _ = one.get();
            } catch (ExecutionException e) {
                if (e.getCause() instanceof InterruptedException) {
                    throw new InterruptedException();
                }
                throw new IllegalStateException("a delivery broke", e.getCause());
            }
        }
    }

    private void inOrder(SandboxId id, List<SandboxEvent> events) throws InterruptedException {
        for (SandboxEvent event : events) {
            Payload payload = Payload.of(
                    webhook, event, type(event).orElseThrow(), parts.events().get(id));
            Delivery delivery = parts.courier().deliver(webhook, payload);
            deliveries.add(delivery);
            if (!delivery.delivered()) {
                Progress.Waiting before = progress.waiting.get(id);
                int failures = before == null ? 1 : before.failures() + 1;
                progress.waiting.put(id, new Progress.Waiting(failures, later(failures)));
                return;
            }
            progress.delivered.add(event.sequence());
            progress.waiting.remove(id);
        }
    }

    private Instant later(int failures) {
        return parts.clock().instant().plus(parts.retry().pause(failures, RandomGenerator.getDefault()));
    }

    /** @param blocked something has not arrived */
    private void finish(long position, boolean blocked) {
        if (position == webhook.position() && deliveries.isEmpty()) {
            return;
        }
        List<Delivery> all = List.copyOf(deliveries);
        parts.store().finish(webhook, position, blocked ? trouble(position, all) : Webhook.Health.WELL, all);
    }

    private Webhook.Health trouble(long position, List<Delivery> all) {
        Instant now = parts.clock().instant();
        Optional<Delivery> failed = all.stream().filter(one -> !one.delivered()).findFirst();
        boolean nothing = failed.isPresent() && all.stream().noneMatch(Delivery::delivered);
        // It counts for one event, not for the webhook: as long as it moves on there is hope.
        Instant since =
                position == webhook.position() ? webhook.health().failingSince().orElse(now) : now;
        int failures = nothing ? webhook.health().failures() + 1 : 0;
        boolean over =
                failed.isPresent() && !now.isBefore(since.plus(parts.retry().giveUp()));
        if (over) {
            LOG.atWarn()
                    .addKeyValue("webhook", webhook.id())
                    .addKeyValue("tenant", webhook.tenant())
                    .log("a webhook is given up: an event could not be delivered for "
                            + parts.retry().giveUp().toHours() + " hours");
        }
        return new Webhook.Health(
                Optional.of(since),
                failures,
                nothing ? Optional.of(later(failures)) : Optional.empty(),
                over ? Optional.of(now) : Optional.empty(),
                failed.map(Delivery::error).orElse(webhook.health().lastError()));
    }

    long delivered() {
        return deliveries.stream().filter(Delivery::delivered).count();
    }

    long failed() {
        return deliveries.size() - delivered();
    }
}

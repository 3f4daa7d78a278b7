package dev.skerry.server.webhooks;

import dev.skerry.server.secrets.Sealing;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.Failure;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Posts payloads: a bounded number at a time, each within a bounded time. Thread-safe. */
final class Courier {
    /** Of all webhooks together, and of all callbacks. */
    private static final int AT_ONCE = 64;

    /** Of those of one tenant, so that one whose receivers are slow leaves places to the others. */
    private static final int OF_ONE = 16;

    private final Destinations destinations;
    private final Sealing sealing;
    private final InstantSource clock;
    private final Duration limit;
    private final Semaphore places = new Semaphore(AT_ONCE);
    private final ConcurrentMap<TenantId, Semaphore> ofTenants = new ConcurrentHashMap<>();

    /** @param limit of an attempt, from the look-up of the name to the head of the answer */
    Courier(Destinations destinations, Sealing sealing, InstantSource clock, Duration limit) {
        this.destinations = destinations;
        this.sealing = sealing;
        this.clock = clock;
        this.limit = limit;
    }

    /** @throws InterruptedException when the caller was interrupted; what was posted may have arrived */
    Delivery deliver(Webhook webhook, Payload payload) throws InterruptedException {
        Instant at = clock.instant();
        long begin = System.nanoTime();
        String id = UUID.randomUUID().toString();
        Post.Outcome outcome;
        try {
            String secret = sealing.open(Sealing.Use.WEBHOOK, webhook.id(), webhook.sealedSecret());
            Semaphore own = ofTenants.computeIfAbsent(webhook.tenant(), _ -> new Semaphore(OF_ONE));
            outcome = send(webhook.id(), id, webhook.url(), secret, payload.body(), at, own);
        } catch (Failure e) {
            outcome = new Post.Outcome(0, String.valueOf(e.getMessage()));
        }
        return new Delivery(
                id,
                payload.event(),
                payload.type(),
                payload.sandbox(),
                at,
                Duration.ofNanos(System.nanoTime() - begin),
                outcome.status(),
                outcome.error());
    }

    /** What belongs to no webhook. */
    Post.Outcome send(String id, URI url, String secret, byte[] body) throws InterruptedException {
        // Whose turn it is, who sends it has seen to.
        Semaphore free = new Semaphore(1);
        return send(id, UUID.randomUUID().toString(), url, secret, body, clock.instant(), free);
    }

    private Post.Outcome send(
            String id, String delivery, URI url, String secret, byte[] body, Instant at, Semaphore own)
            throws InterruptedException {
        return post(new Post(destinations, url, Signature.headers(id, delivery, secret, body, at), body), own);
    }

    /** @param own places of the one whose it is */
    private Post.Outcome post(Post post, Semaphore own) throws InterruptedException {
        if (!own.tryAcquire(limit.toNanos(), TimeUnit.NANOSECONDS)) {
            return new Post.Outcome(0, "other deliveries of this tenant took too long");
        }
        boolean placed = false;
        try {
            placed = places.tryAcquire(limit.toNanos(), TimeUnit.NANOSECONDS);
        } finally {
            if (!placed) {
                own.release();
            }
        }
        if (!placed) {
            return new Post.Outcome(0, "other deliveries of this server took too long");
        }
        // A look-up of a name cannot be interrupted, and holds a platform's thread up anyhow. An attempt that was given
        // up keeps its place until its thread has ended.
        Thread worker = Thread.ofPlatform().daemon().name("webhook-post").unstarted(() -> {
            try {
                post.run();
            } finally {
                places.release();
                own.release();
            }
        });
        worker.start();
        try {
            return worker.join(limit)
                    ? post.outcome()
                    : new Post.Outcome(0, "there was no answer within " + limit.toMillis() / 1000.0 + " s");
        } finally {
            post.breakOff();
        }
    }
}

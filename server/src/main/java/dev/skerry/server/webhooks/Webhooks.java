package dev.skerry.server.webhooks;

import dev.skerry.server.secrets.Sealing;
import dev.skerry.server.settings.Networks;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Semaphore;

/** What a tenant does with webhooks. One of another tenant is {@code NOT_FOUND}. Thread-safe. */
public final class Webhooks {
    /** Of a tenant. */
    public static final int WEBHOOKS_MAX = 20;

    /** Of an attempt. */
    static final Duration LIMIT = Duration.ofSeconds(10);

    private static final int TESTS_AT_ONCE = 4;
    private static final int NAME_LENGTH_MAX = 256;
    static final int SECRET_LENGTH_MIN = 16;
    static final int SECRET_LENGTH_MAX = 256;
    private static final int SECRET_BYTES = 32;

    private final WebhookStore store;
    private final Destinations destinations;
    private final Courier courier;
    private final Callbacks callbacks;
    private final Sealing sealing;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();
    private final Semaphore tests = new Semaphore(TESTS_AT_ONCE);

    /** @param allowed networks that deliveries may go to besides the internet */
    public Webhooks(WebhookStore store, Networks allowed, Sealing sealing, InstantSource clock) {
        this.store = store;
        this.destinations = new Destinations(allowed);
        this.courier = new Courier(destinations, sealing, clock, LIMIT);
        // So that neither kind waits for the other.
        this.callbacks = new PostedCallbacks(new Courier(destinations, sealing, clock, LIMIT), destinations);
        this.sealing = sealing;
        this.clock = clock;
    }

    Courier courier() {
        return courier;
    }

    /** For what is told once. */
    public Callbacks callbacks() {
        return callbacks;
    }

    /** What is to be set; what is empty stays as it is, or gets its default. */
    public record Wanted(
            Optional<String> name,
            Optional<String> url,
            Optional<Boolean> enabled,
            Optional<List<String>> events,
            Optional<String> secret) {}

    /** @param secret to be shown once */
    public record Created(Webhook webhook, String secret) {}

    /** @throws Failure {@code INVALID_REQUEST}, {@code DENIED} for a URL that may not be reached */
    public Created create(TenantId tenant, Wanted wanted) {
        String id = UUID.randomUUID().toString();
        String secret = wanted.secret().orElseGet(this::freshSecret);
        Webhook blank = new Webhook(
                id,
                tenant,
                "",
                Destinations.parse(wanted.url().orElseThrow(() -> missing("url"))),
                wanted.enabled().orElse(true),
                EnumSet.allOf(EventType.class),
                "",
                clock.instant().truncatedTo(ChronoUnit.MICROS),
                store.newestEvent(),
                Webhook.Health.WELL);
        String _ = wanted.name().orElseThrow(() -> missing("name"));
        Webhook webhook = with(
                blank, new Wanted(wanted.name(), wanted.url(), wanted.enabled(), wanted.events(), Optional.of(secret)));
        if (!store.insert(webhook, WEBHOOKS_MAX)) {
            throw new Failure(
                    ErrorCode.LIMIT_EXCEEDED,
                    "there are " + WEBHOOKS_MAX + " webhooks already",
                    "delete one that is not needed any more");
        }
        return new Created(webhook, secret);
    }

    private static Failure missing(String field) {
        return new Failure(ErrorCode.INVALID_REQUEST, "'" + field + "' is missing");
    }

    /** To sign with. */
    public String freshSecret() {
        byte[] bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private Webhook with(Webhook old, Wanted wanted) {
        wanted.name()
                .filter(name -> name.isBlank() || name.length() > NAME_LENGTH_MAX)
                .ifPresent(_ -> {
                    throw new Failure(
                            ErrorCode.INVALID_REQUEST, "'name' must have 1 to " + NAME_LENGTH_MAX + " characters");
                });
        wanted.secret()
                .filter(secret -> secret.length() < SECRET_LENGTH_MIN || secret.length() > SECRET_LENGTH_MAX)
                .ifPresent(_ -> {
                    throw new Failure(
                            ErrorCode.INVALID_REQUEST,
                            "'signatureSecret' must have " + SECRET_LENGTH_MIN + " to " + SECRET_LENGTH_MAX
                                    + " characters");
                });
        var url = wanted.url().map(Destinations::parse);
        url.ifPresent(destinations::resolve);
        return new Webhook(
                old.id(),
                old.tenant(),
                wanted.name().orElse(old.name()),
                url.orElse(old.url()),
                wanted.enabled().orElse(old.enabled()),
                wanted.events().map(Webhooks::types).orElse(old.events()),
                wanted.secret()
                        .map(secret -> sealing.seal(Sealing.Use.WEBHOOK, old.id(), secret))
                        .orElse(old.sealedSecret()),
                old.createdAt(),
                old.position(),
                Webhook.Health.WELL);
    }

    private static Set<EventType> types(List<String> names) {
        Set<EventType> types = EnumSet.noneOf(EventType.class);
        for (String name : names) {
            types.add(EventType.parse(name).orElseThrow(() -> unknownType()));
        }
        if (types.isEmpty()) {
            throw unknownType();
        }
        return types;
    }

    private static Failure unknownType() {
        return new Failure(
                ErrorCode.INVALID_REQUEST,
                "'events' must name at least one kind of event, and only those that there are",
                "there are "
                        + String.join(
                                ", ",
                                EnumSet.allOf(EventType.class).stream()
                                        .map(EventType::text)
                                        .toList()));
    }

    public List<Webhook> list(TenantId tenant) {
        return store.list(tenant);
    }

    public Webhook get(TenantId tenant, String id) {
        return store.get(tenant, id)
                .orElseThrow(() -> new Failure(
                        ErrorCode.NOT_FOUND, "there is no such webhook", "GET /events/webhooks lists what there is"));
    }

    /** One that was given up goes on from where it was, one that was disabled with what happens from now on. */
    public Webhook edit(TenantId tenant, String id, Wanted wanted) {
        Webhook old = get(tenant, id);
        Webhook next = with(old, wanted);
        store.edit(next, next.enabled() && !old.enabled());
        return next;
    }

    public void delete(TenantId tenant, String id) {
        if (!store.delete(tenant, id)) {
            throw new Failure(
                    ErrorCode.NOT_FOUND, "there is no such webhook", "GET /events/webhooks lists what there is");
        }
    }

    /** Newest first. */
    public List<Delivery> deliveries(TenantId tenant, String id, int limit) {
        return store.deliveries(get(tenant, id).id(), limit);
    }

    /** Posts something now and waits for what comes of it. */
    public Delivery test(TenantId tenant, String id) throws InterruptedException {
        Webhook webhook = get(tenant, id);
        if (!tests.tryAcquire()) {
            throw new Failure(
                    ErrorCode.LIMIT_EXCEEDED,
                    TESTS_AT_ONCE + " tests of webhooks are under way already",
                    "try again in some seconds");
        }
        try {
            Delivery delivery = courier.deliver(webhook, Payload.test(webhook, clock.instant()));
            store.append(webhook, delivery);
            return delivery;
        } finally {
            tests.release();
        }
    }

    /** How many were given up, of all tenants. */
    public long givenUp() {
        return store.givenUp();
    }

    /** Age of the oldest event that one waits for which was not given up. */
    public long lagSeconds() {
        return store.oldestUndelivered()
                .map(at -> Math.max(0, Duration.between(at, clock.instant()).toSeconds()))
                .orElse(0L);
    }
}

package dev.skerry.server.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.database.Database;
import dev.skerry.server.sandboxes.Lifetime;
import dev.skerry.server.sandboxes.Note;
import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.server.sandboxes.SandboxConfig;
import dev.skerry.server.sandboxes.SandboxEvent.Kind;
import dev.skerry.server.sandboxes.SandboxState;
import dev.skerry.server.sandboxes.SandboxStore;
import dev.skerry.server.sandboxes.SqlSandboxStore;
import dev.skerry.server.sandboxes.Why;
import dev.skerry.server.secrets.TestSecrets;
import dev.skerry.server.settings.Networks;
import dev.skerry.server.settings.SandboxSettings;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostId;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class DelivererTest {
    private static final TenantId TENANT = TenantId.DEFAULT;
    private static final String SECRET = "a secret of sixteen";
    private static final Duration SOON = Duration.ofMillis(20);
    private static final Retry QUICK = new Retry(Duration.ofMillis(20), Duration.ofMillis(100), Duration.ofHours(24));

    private final InstantSource clock = InstantSource.system();
    private final SecureRandom random = new SecureRandom();
    private Database database;
    private SandboxStore sandboxes;
    private WebhookStore store;
    private Webhooks webhooks;
    private Receiver receiver;
    private Deliverer deliverer;

    @BeforeEach
    void open(@TempDir Path folder) throws Exception {
        database = Database.open(folder.resolve("skerry.db"));
        sandboxes = new SqlSandboxStore(database, TestSecrets.SEALING);
        store = new WebhookStore(database.writer(), database.reader(), TestSecrets.SEALING);
        webhooks = new Webhooks(store, Networks.parse("127.0.0.0/8"), TestSecrets.SEALING, clock);
        receiver = new Receiver();
        deliverer = deliverer(QUICK, Networks.parse("127.0.0.0/8"), Duration.ofSeconds(5));
    }

    private Deliverer deliverer(Retry retry, Networks allowed, Duration limit) {
        Courier courier = new Courier(new Destinations(allowed), TestSecrets.SEALING, clock, limit);
        return new Deliverer(new Round.Parts(store, sandboxes, courier, retry, clock), SOON);
    }

    @AfterEach
    void close() {
        deliverer.close();
        receiver.close();
        database.close();
    }

    private String hook(String... events) {
        return webhooks.create(
                        TENANT,
                        new Webhooks.Wanted(
                                Optional.of("test"),
                                Optional.of(receiver.url("/in?a=b")),
                                Optional.empty(),
                                events.length == 0 ? Optional.empty() : Optional.of(List.of(events)),
                                Optional.of(SECRET)))
                .webhook()
                .id();
    }

    private Sandbox sandbox(TenantId tenant, Kind... kinds) {
        Instant now = clock.instant();
        SandboxSettings settings = SandboxSettings.DEFAULT;
        Sandbox sandbox = new Sandbox(
                SandboxId.create(now, random),
                tenant,
                1,
                1,
                new SandboxConfig(
                        "base",
                        Optional.empty(),
                        Isolation.CONTAINER,
                        settings.limits(),
                        Privilege.SUDO,
                        Map.of("owner", "tests"),
                        Map.of("PASSWORD", "of the environment"),
                        true,
                        true,
                        Lifetime.ENDS,
                        "{}"),
                now,
                now,
                new SandboxState.Starting(new HostId("local"), now),
                Why.UNKNOWN);
        List<Note> notes = new ArrayList<>();
        for (Kind kind : kinds) {
            notes.add(new Note(kind, now, kind == Kind.ENDED ? "REQUESTED" : "", Why.UNKNOWN));
        }
        assertThat(sandboxes.insert(sandbox, Optional.empty(), notes)).isEmpty();
        return sandbox;
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            new CountDownLatch(1).await(5, TimeUnit.MILLISECONDS);
        }
    }

    private static JsonNode json(Receiver.Got got) {
        return JsonMapper.shared().readTree(got.body());
    }

    private List<String> typesOf(Sandbox sandbox) {
        return receiver.got.stream()
                .map(DelivererTest::json)
                .filter(node ->
                        node.get("sandboxId").stringValue().equals(sandbox.id().text()))
                .map(node -> node.get("event_label").stringValue())
                .toList();
    }

    private Webhook webhook(String id) {
        return webhooks.get(TENANT, id);
    }

    @Test
    void eventsArriveInOrderAndSigned() throws Exception {
        String id = hook();
        deliverer.start();
        Sandbox one = sandbox(TENANT, Kind.CREATED, Kind.STARTED, Kind.PAUSED, Kind.RESUMED, Kind.RENEWED, Kind.ENDED);
        Sandbox others = sandbox(new TenantId("other"), Kind.CREATED);
        await("all", () -> receiver.got.size() == 5);
        assertThat(typesOf(one)).containsExactly("created", "paused", "resumed", "updated", "killed");
        assertThat(typesOf(others)).isEmpty();
        for (Receiver.Got got : receiver.got) {
            byte[] body = got.body().getBytes(StandardCharsets.UTF_8);
            assertThat(got.path()).isEqualTo("/in?a=b");
            assertThat(got.headers())
                    .containsEntry("e2b-webhook-id", id)
                    .containsEntry("e2b-signature-version", "v1")
                    .containsEntry("e2b-signature", Signature.hash(SECRET, body))
                    .containsKey("e2b-delivery-id")
                    .containsEntry(
                            "skerry-signature",
                            "v1=" + Signature.mac(SECRET, got.headers().get("skerry-timestamp"), body));
            assertThat(got.body()).doesNotContain("PASSWORD");
        }
        JsonNode last = json(receiver.got.getLast());
        assertThat(last.get("type").stringValue()).isEqualTo("sandbox.lifecycle.killed");
        assertThat(last.get("eventData").get("sandbox_metadata").get("owner").stringValue())
                .isEqualTo("tests");
        assertThat(last.get("event_data")).isEqualTo(last.get("eventData"));
        await("noted", () -> webhook(id).position() >= 6);
        assertThat(webhooks.deliveries(TENANT, id, 100)).hasSize(5).allMatch(Delivery::delivered);
    }

    @Test
    void theSignaturesAreThoseOfTheDocuments() {
        byte[] body = "{\"a\":1}".getBytes(StandardCharsets.UTF_8);
        // printf 'secret{"a":1}' | openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | tr -d =
        assertThat(Signature.hash("secret", body)).isEqualTo("N7005LKS7534v-cOP1BSYTkklJDDwllM8gF1unZl4B0");
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
        assertThat(Signature.mac("secret", "1700000000", body))
                .isEqualTo("49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686");
    }

    @Test
    void aSandboxWhoseEventFailsWaitsAndOthersDoNot() throws Exception {
        String id = hook();
        Sandbox bad = sandbox(TENANT, Kind.CREATED, Kind.PAUSED);
        Sandbox good = sandbox(TENANT, Kind.CREATED, Kind.ENDED);
        receiver.answer = got -> got.body().contains(bad.id().text()) ? 500 : 200;
        deliverer.start();
        await("the other's", () -> typesOf(good).equals(List.of("created", "killed")));
        await("some attempts", () -> typesOf(bad).size() >= 3);
        assertThat(typesOf(bad)).containsOnly("created");
        await("said", () -> webhook(id).health().word().equals("retrying"));
        assertThat(webhook(id).health().lastError()).isEqualTo("the answer was 500");
        receiver.answer = _ -> 200;
        await("the rest", () -> typesOf(bad).contains("paused"));
        await("well", () -> webhook(id).health().equals(Webhook.Health.WELL));
        assertThat(new LinkedHashSet<>(typesOf(bad))).containsExactly("created", "paused");
        assertThat(typesOf(good)).containsExactly("created", "killed");
        assertThat(receiver.got.stream()
                        .map(DelivererTest::json)
                        .filter(node -> node.get("event_label").stringValue().equals("created"))
                        .map(node -> node.get("id").stringValue())
                        .distinct())
                .as("the id of an event is the same at each attempt")
                .hasSize(2);
    }

    @Test
    void whoTakesOverDeliversWhatTheOneBeforeHasNot() throws Exception {
        hook();
        receiver.answer = _ -> -1;
        List<Sandbox> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.add(sandbox(TENANT, Kind.CREATED, Kind.ENDED));
        }
        deliverer.start();
        await("under way", () -> receiver.got.size() == 8);
        deliverer.stop();
        receiver.got.clear();
        receiver.answer = _ -> 200;
        deliverer.start();
        await("all", () -> receiver.got.size() >= 40);
        for (Sandbox one : all) {
            assertThat(typesOf(one)).containsExactly("created", "killed");
        }
    }

    @Test
    void oneThatFailsForTooLongIsGivenUpAndShownAndGoesOnWhenItIsChanged() throws Exception {
        deliverer = deliverer(
                new Retry(Duration.ofMillis(5), Duration.ofMillis(10), Duration.ofMillis(200)),
                Networks.parse("127.0.0.0/8"),
                Duration.ofSeconds(5));
        String id = hook("sandbox.lifecycle.killed");
        receiver.answer = _ -> 503;
        Sandbox one = sandbox(TENANT, Kind.CREATED, Kind.ENDED);
        deliverer.start();
        await("given up", () -> webhook(id).health().word().equals("failing"));
        assertThat(webhooks.givenUp()).isEqualTo(1);
        receiver.answer = _ -> 200;
        receiver.got.clear();
        change(id);
        await("what was left", () -> typesOf(one).equals(List.of("killed")));
        await("well", () -> webhook(id).health().equals(Webhook.Health.WELL));
    }

    private static final Retry AFTER_HOURS = new Retry(Duration.ofHours(2), Duration.ofHours(2), Duration.ofHours(24));

    private void change(String id) {
        webhooks.edit(
                TENANT,
                id,
                new Webhooks.Wanted(
                        Optional.empty(), Optional.empty(), Optional.of(true), Optional.empty(), Optional.empty()));
    }

    @Test
    void oneThatIsChangedIsTriedAgainAtOnce() throws Exception {
        deliverer = deliverer(AFTER_HOURS, Networks.parse("127.0.0.0/8"), Duration.ofSeconds(5));
        String id = hook();
        receiver.answer = _ -> 503;
        Sandbox one = sandbox(TENANT, Kind.CREATED);
        deliverer.start();
        await("failed", () -> webhook(id).health().word().equals("retrying"));
        receiver.answer = _ -> 200;
        change(id);
        await("what was left", () -> typesOf(one).size() == 2);
        await("well", () -> webhook(id).health().equals(Webhook.Health.WELL));
    }

    @Test
    void whatFailedWhileOneWasBeingChangedIsNoTroubleOfTheChangedOne() {
        String id = hook();
        Instant now = clock.instant();
        Webhook.Health bad = new Webhook.Health(Optional.of(now), 1, Optional.of(now), Optional.of(now), "it failed");
        store.finish(webhook(id), 0, bad, List.of());
        Webhook before = webhook(id);
        assertThat(before.health().word()).isEqualTo("failing");
        change(id);
        store.finish(before, 0, bad, List.of());
        assertThat(webhook(id).health()).isEqualTo(Webhook.Health.WELL);
        Webhook elsewhere = webhook(id);
        webhooks.edit(
                TENANT,
                id,
                new Webhooks.Wanted(
                        Optional.empty(),
                        Optional.of(receiver.url("/new")),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()));
        store.finish(elsewhere, 0, bad, List.of());
        assertThat(webhook(id).health()).isEqualTo(Webhook.Health.WELL);
    }

    @Test
    void aTenantWhoseReceiversHangHoldsUpNobodyElse() throws Exception {
        deliverer = deliverer(QUICK, Networks.parse("127.0.0.0/8"), Duration.ofMinutes(5));
        for (int i = 0; i < 10; i++) {
            hook();
            sandbox(TENANT, Kind.CREATED);
        }
        receiver.answer = got -> got.path().equals("/good") ? 200 : -1;
        deliverer.start();
        await("as many as may be", () -> receiver.got.size() >= 16);
        TenantId other = new TenantId("other");
        webhooks.create(
                other,
                new Webhooks.Wanted(
                        Optional.of("good"),
                        Optional.of(receiver.url("/good")),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(SECRET)));
        Sandbox one = sandbox(other, Kind.CREATED, Kind.ENDED);
        await("the other's", () -> typesOf(one).equals(List.of("created", "killed")));
        assertThat(deliverer.failed()).isZero();
    }

    @Test
    void whatNeverAnswersIsBrokenOffAndRedirectsAreNotFollowed() throws Exception {
        deliverer = deliverer(QUICK, Networks.parse("127.0.0.0/8"), Duration.ofMillis(100));
        String id = hook();
        receiver.answer = _ -> -1;
        sandbox(TENANT, Kind.CREATED);
        deliverer.start();
        await("too late", () -> webhook(id).health().lastError().equals("there was no answer within 0.1 s"));
        receiver.answer = _ -> 302;
        await("redirect", () -> webhook(id).health().lastError().contains("302, and redirects are not followed"));
        assertThat(receiver.got).allMatch(got -> got.path().equals("/in?a=b"));
    }

    /** The name could have resolved to another address when the webhook was made. */
    @Test
    void anAddressIsCheckedAgainAtEachDelivery() throws Exception {
        deliverer = deliverer(QUICK, Networks.NONE, Duration.ofSeconds(5));
        String id = hook();
        sandbox(TENANT, Kind.CREATED);
        deliverer.start();
        await("refused", () -> webhook(id).health().lastError().contains("may not reach"));
        assertThat(receiver.got).isEmpty();
    }

    @Test
    void aDisabledOneHearsNothingOfThatTime() throws Exception {
        String id = hook();
        deliverer.start();
        var off = new Webhooks.Wanted(
                Optional.empty(), Optional.empty(), Optional.of(false), Optional.empty(), Optional.empty());
        var on = new Webhooks.Wanted(
                Optional.empty(), Optional.empty(), Optional.of(true), Optional.empty(), Optional.empty());
        webhooks.edit(TENANT, id, off);
        Sandbox before = sandbox(TENANT, Kind.CREATED);
        webhooks.edit(TENANT, id, on);
        Sandbox after = sandbox(TENANT, Kind.CREATED);
        await("the later one", () -> !typesOf(after).isEmpty());
        assertThat(typesOf(before)).isEmpty();
    }

    @Test
    void onlyTheLastAttemptsAreKept() {
        String id = hook();
        Webhook webhook = webhook(id);
        for (int i = 0; i < WebhookStore.DELIVERIES_MAX + 5; i++) {
            store.append(webhook, new Delivery("d" + i, "e", "t", "", clock.instant(), Duration.ZERO, 200, ""));
        }
        List<Delivery> kept = webhooks.deliveries(TENANT, id, 1000);
        assertThat(kept).hasSize(WebhookStore.DELIVERIES_MAX);
        assertThat(kept.getFirst().id()).isEqualTo("d104");
    }

    @Test
    void thePauseBetweenAttemptsDoublesUpToItsBound() {
        for (int failures = 1; failures < 60; failures++) {
            long whole = Math.min(1000L << Math.min(failures - 1, 30), 3_600_000L);
            assertThat(Retry.STANDARD.pause(failures, random).toMillis()).isBetween(whole / 2, whole);
        }
    }

    @Test
    void theSecretIsStoredEncrypted() {
        String id = hook();
        assertThat(webhook(id).sealedSecret()).startsWith("v1.").doesNotContain(SECRET);
        assertThat(store.sealedBy()).containsEntry(TestSecrets.ONE.current().id(), 1L);
        assertThat(store.reseal()).isZero();
    }
}

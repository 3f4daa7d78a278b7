package dev.skerry.server.stores;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.database.Database;
import dev.skerry.server.jobs.JobSamples;
import dev.skerry.server.leases.Lease;
import dev.skerry.server.leases.LeaseTable;
import dev.skerry.server.leases.Leases;
import dev.skerry.server.sandboxes.Cause;
import dev.skerry.server.sandboxes.Lifetime;
import dev.skerry.server.sandboxes.Note;
import dev.skerry.server.sandboxes.Origin;
import dev.skerry.server.sandboxes.PauseKind;
import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.server.sandboxes.SandboxConfig;
import dev.skerry.server.sandboxes.SandboxEvent;
import dev.skerry.server.sandboxes.SandboxEvent.Kind;
import dev.skerry.server.sandboxes.SandboxQuery;
import dev.skerry.server.sandboxes.SandboxState;
import dev.skerry.server.sandboxes.SandboxStore;
import dev.skerry.server.sandboxes.SealedEnvironments;
import dev.skerry.server.sandboxes.SqlSandboxStore;
import dev.skerry.server.sandboxes.Why;
import dev.skerry.server.secrets.Sealing;
import dev.skerry.server.secrets.TestSecrets;
import dev.skerry.server.settings.Networks;
import dev.skerry.server.tenants.ApiKey;
import dev.skerry.server.tenants.ApiKeys;
import dev.skerry.server.tenants.AuditEntry;
import dev.skerry.server.tenants.AuditFilter;
import dev.skerry.server.tenants.AuditLog;
import dev.skerry.server.tenants.AuditQuery;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.tenants.Tenants;
import dev.skerry.server.webhooks.Webhook;
import dev.skerry.server.webhooks.WebhookStore;
import dev.skerry.server.webhooks.Webhooks;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostId;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What is in every kept database, as far as its version has a place for it. */
final class KeptData {
    static final TenantId ACME = new TenantId("acme");
    static final SandboxId RUNNING = new SandboxId("01kept0running00000000000");
    static final SandboxId PAUSED = new SandboxId("01kept0paused000000000000");
    static final SandboxId ENDED = new SandboxId("01kept0ended0000000000000");
    static final String KEY = "e2b_" + "0123456789".repeat(4);
    static final String ADMIN_KEY = "e2b_" + "abcdef0123".repeat(4);
    static final Instant NOON = Instant.parse("2026-03-01T12:00:00.000001Z");
    static final HostId HOST = new HostId("local");
    private static final String WEBHOOK_SECRET = "signed with sixteen or more";
    private static final String LEASE = "host:local";
    private static final InstantSource CLOCK = InstantSource.fixed(NOON);
    private static final LeaseTable.Candidate SERVER =
            new LeaseTable.Candidate("a server", URI.create("http://127.0.0.1:3000"));

    private static final Why ASKED =
            new Why(Cause.REQUESTED, new Origin("0123456789abcdef", "e2b_01...89", "127.0.0.1", "request"));

    /** Since when it is kept why something happened. */
    private static final int CAUSES = 7;

    private KeptData() {}

    static SandboxConfig config() {
        return new SandboxConfig(
                "sha256:abc",
                Optional.of("base"),
                Isolation.CONTAINER,
                Limits.DEFAULT.withoutWallTime(),
                Privilege.SUDO,
                Map.of("owner", "Zoë"),
                Map.of("PASSWORD", "hunter2"),
                true,
                true,
                new Lifetime(true, PauseKind.DISK, true),
                "{}");
    }

    private static Sandbox sandbox(SandboxId id, long revision, SandboxState state, Why why) {
        return new Sandbox(id, ACME, revision, 1, config(), NOON, NOON.plusSeconds(300), state, why);
    }

    private static Sandbox running(Why why) {
        return sandbox(RUNNING, 2, new SandboxState.Running(HOST, Isolation.CONTAINER, NOON), why);
    }

    private static Sandbox paused(Why why) {
        return sandbox(PAUSED, 2, new SandboxState.Paused(HOST, Isolation.CONTAINER, PauseKind.DISK, NOON), why);
    }

    private static Sandbox ended(Why why) {
        return sandbox(ENDED, 2, new SandboxState.Stopped(Cause.REQUESTED, "", NOON), why);
    }

    /** Into an empty database, through the stores of this version. */
    static void write(Database database) {
        Tenants tenants = new Tenants(database.writer(), Quota.UNSAID, CLOCK);
        tenants.create(ACME, "Acme", new Quota(Map.of(Resource.SANDBOXES, 7L)));
        ApiKeys keys = new ApiKeys(database.writer(), CLOCK);
        keys.create(TenantId.DEFAULT, "of the server", KeyScope.ADMIN, Optional.empty());
        keys.create(ACME, "of Acme", KeyScope.TENANT, Optional.empty());
        for (Map.Entry<TenantId, String> key :
                Map.of(TenantId.DEFAULT, ADMIN_KEY, ACME, KEY).entrySet()) {
            int _ = database.write(handle -> handle.execute(
                    "UPDATE api_keys SET digest = ? WHERE tenant = ?",
                    sha256(key.getValue()),
                    key.getKey().text()));
        }
        SandboxStore store = new SqlSandboxStore(database, TestSecrets.SEALING);
        store.recordBoot(HOST, "the boot");
        SandboxState starting = new SandboxState.Starting(HOST, NOON);
        store.insert(sandbox(RUNNING, 1, starting, ASKED), Optional.of("idempotent"), notes(Kind.CREATED));
        store.insert(sandbox(PAUSED, 1, starting, ASKED), Optional.empty(), notes(Kind.CREATED));
        store.insert(sandbox(ENDED, 1, starting, ASKED), Optional.empty(), notes(Kind.CREATED));
        store.replace(running(ASKED), notes(Kind.STARTED));
        store.replace(paused(ASKED), notes(Kind.PAUSED));
        store.replace(ended(ASKED), notes(Kind.ENDED));
        try (AuditLog audit = audit(database)) {
            audit.note(entry());
        }
        Webhooks.Wanted wanted = new Webhooks.Wanted(
                Optional.of("a hook"),
                Optional.of("http://127.0.0.1:9/in"),
                Optional.empty(),
                Optional.empty(),
                Optional.of(WEBHOOK_SECRET));
        webhooks(database).create(ACME, wanted);
        JobSamples.write(database);
        LeaseTable leases = new Leases(database);
        leases.release(leases.acquire(LEASE, SERVER, Duration.ofSeconds(3)).orElseThrow());
    }

    private static List<Note> notes(Kind kind) {
        return List.of(new Note(kind, NOON, kind == Kind.ENDED ? "REQUESTED" : "", ASKED));
    }

    private static AuditLog audit(Database database) {
        return new AuditLog(database.writer(), database.reader(), Duration.ofDays(90), CLOCK).start();
    }

    private static AuditEntry entry() {
        return new AuditEntry(
                0,
                NOON,
                ACME,
                "0123456789abcdef",
                "of Acme",
                "DELETE /sandboxes/{sandboxID}",
                ENDED.text(),
                "127.0.0.1",
                204,
                "",
                "request");
    }

    private static Webhooks webhooks(Database database) {
        WebhookStore store = new WebhookStore(database.writer(), database.reader(), TestSecrets.SEALING);
        return new Webhooks(store, Networks.parse("127.0.0.0/8"), TestSecrets.SEALING, CLOCK);
    }

    static String sha256(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** All that a version had a place for is there, and this version works with it. */
    static void check(Database database, int version) {
        checkSandboxes(database, version >= CAUSES);
        checkTenants(database, version);
        if (version >= 2) {
            checkKeys(database);
        }
        if (version >= 4) {
            checkAudit(database);
        }
        if (version >= 5) {
            checkWebhooks(database);
        }
        JobSamples.check(database, version >= 8);
        Lease lease = new Leases(database)
                .acquire(LEASE, SERVER, Duration.ofSeconds(3))
                .orElseThrow();
        assertThat(lease.fence()).isEqualTo(version >= 6 ? 2 : 1);
    }

    /** @param causes whether they were written down */
    private static void checkSandboxes(Database database, boolean causes) {
        Why why = causes ? ASKED : Why.UNKNOWN;
        Why ended = causes ? ASKED : new Why(Cause.REQUESTED, Origin.NONE);
        SandboxStore store = new SqlSandboxStore(database, TestSecrets.SEALING);
        assertThat(store.live())
                .containsExactlyInAnyOrder(
                        new SandboxStore.Live(running(why), Optional.of("idempotent")),
                        new SandboxStore.Live(paused(why), Optional.empty()));
        assertThat(store.get(ENDED)).contains(ended(ended));
        assertThat(store.boot(HOST)).contains("the boot");
        SandboxQuery owned = new SandboxQuery(
                Map.of("owner", "Zoë"), Set.of(), Optional.empty(), Optional.empty(), false, 10, Optional.empty());
        assertThat(store.list(ACME, owned).sandboxes()).containsExactlyInAnyOrder(running(why), paused(why));
        assertThat(store.eventsAfter(ACME, 0, 10))
                .extracting(SandboxEvent::kind)
                .containsExactly(Kind.CREATED, Kind.CREATED, Kind.CREATED, Kind.STARTED, Kind.PAUSED, Kind.ENDED);
        assertThat(store.eventsAfter(ACME, 0, 10))
                .extracting(SandboxEvent::why)
                .containsExactly(why, why, why, why, why, ended);
        new SealedEnvironments(database, TestSecrets.SEALING).reseal();
        String plain = database.reader()
                .withHandle(handle -> handle.createQuery("SELECT config FROM sandboxes WHERE config LIKE '%hunter2%'")
                        .mapTo(String.class)
                        .findFirst()
                        .orElse(""));
        assertThat(plain).isEmpty();
        Sandbox next =
                sandbox(RUNNING, 3, new SandboxState.Paused(HOST, Isolation.CONTAINER, PauseKind.MEMORY, NOON), ASKED);
        assertThat(store.replace(next, notes(Kind.PAUSED))).isTrue();
        assertThat(store.get(RUNNING)).contains(next);
        assertThat(store.eventsAfter(ACME, 6, 10)).hasSize(1);
    }

    private static void checkTenants(Database database, int version) {
        Tenants tenants = new Tenants(database.writer(), Quota.UNSAID, CLOCK);
        assertThat(tenants.list()).extracting(tenant -> tenant.id()).containsExactlyInAnyOrder(ACME, TenantId.DEFAULT);
        assertThat(tenants.quota(ACME).limit(Resource.SANDBOXES).orElse(-1)).isEqualTo(version >= 3 ? 7 : -1);
    }

    private static void checkKeys(Database database) {
        ApiKeys keys = new ApiKeys(database.writer(), CLOCK);
        ApiKey own = keys.authenticate(Optional.of(KEY));
        assertThat(own.tenant()).isEqualTo(ACME);
        assertThat(own.scope()).isEqualTo(KeyScope.TENANT);
        assertThat(own.createdAt()).isBetween(NOON.minusSeconds(1), NOON);
        assertThat(keys.authenticate(Optional.of(ADMIN_KEY)).scope()).isEqualTo(KeyScope.ADMIN);
    }

    private static void checkAudit(Database database) {
        AuditQuery all = AuditQuery.newest(AuditFilter.ALL, 10);
        try (AuditLog audit = audit(database)) {
            assertThat(audit.find(all)).extracting(AuditEntry::subject).containsExactly(ENDED.text());
            audit.note(entry());
        }
        try (AuditLog audit = audit(database)) {
            assertThat(audit.find(all)).extracting(AuditEntry::sequence).containsExactly(2L, 1L);
        }
    }

    private static void checkWebhooks(Database database) {
        Webhook hook = webhooks(database).list(ACME).getFirst();
        assertThat(hook.url()).isEqualTo(URI.create("http://127.0.0.1:9/in"));
        assertThat(TestSecrets.SEALING.open(Sealing.Use.WEBHOOK, hook.id(), hook.sealedSecret()))
                .isEqualTo(WEBHOOK_SECRET);
        assertThat(hook.position()).isEqualTo(6);
    }
}

package dev.skerry.server.stores;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.database.Database;
import dev.skerry.server.database.FreshPostgres;
import dev.skerry.server.database.Micros;
import dev.skerry.server.database.Window;
import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.server.sandboxes.SandboxState;
import dev.skerry.server.sandboxes.SandboxStore;
import dev.skerry.server.sandboxes.SealedEnvironments;
import dev.skerry.server.sandboxes.SqlSandboxStore;
import dev.skerry.server.sandboxes.Why;
import dev.skerry.server.secrets.Sealing;
import dev.skerry.server.secrets.Secret;
import dev.skerry.server.secrets.Secrets;
import dev.skerry.server.settings.Networks;
import dev.skerry.server.tenants.ApiKey;
import dev.skerry.server.tenants.ApiKeys;
import dev.skerry.server.tenants.AuditEntry;
import dev.skerry.server.tenants.AuditFilter;
import dev.skerry.server.tenants.AuditLog;
import dev.skerry.server.tenants.AuditPage;
import dev.skerry.server.tenants.AuditQuery;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.Tenant;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.tenants.Tenants;
import dev.skerry.server.webhooks.WebhookStore;
import dev.skerry.server.webhooks.Webhooks;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Stores that have no contract of their own, on SQLite and PostgreSQL. Sandboxes and leases have: {@code
 * SqlStoreContract} and {@code SqlLeasesContract} run on both.
 */
@Timeout(60)
class StoresOnBothTest {
    private static final String MANY_ENTRIES = """
            INSERT INTO audit (sequence, at, tenant, key_id, key_name, operation, subject, address, status, code,
                request)
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
            SELECT i * 1000, :at, 'acme', 'k', 'n',
                CASE WHEN i = 1 THEN 'first' WHEN i = :rows THEN 'last' ELSE '' END, '', '', 204, '', ''
            FROM n
            """;

    private static final String SQLITE = "sqlite";
    private static final String POSTGRESQL = "postgresql";
    private static final InstantSource CLOCK = InstantSource.fixed(KeptData.NOON);
    private static final TenantId ACME = KeptData.ACME;
    private static final Secret OLD = new Secret(new byte[32], Optional.empty());
    private static final Secret NEW = new Secret(HexFormat.of().parseHex("07".repeat(32)), Optional.empty());

    /** No database has a character for it; as a client may write it into JSON, or into a path. */
    private static final String ODD = "nul \0, half a pair \ud800, a pair 😀, a quote '";

    private static final String STORED = "nul \ufffd, half a pair \ufffd, a pair 😀, a quote '";

    @RegisterExtension
    private final FreshPostgres postgres = new FreshPostgres();

    @TempDir
    private Path folder;

    private final List<Database> opened = new ArrayList<>();

    private Database open(String kind) {
        if (kind.equals(POSTGRESQL)) {
            return postgres.open();
        }
        Database database = Database.open(folder.resolve("skerry.db"));
        opened.add(database);
        return database;
    }

    @AfterEach
    void close() {
        opened.forEach(Database::close);
    }

    private static Tenants tenants(Database database) {
        return new Tenants(database.writer(), new Quota(Map.of(Resource.SANDBOXES, 3L)), CLOCK);
    }

    private static void refused(ErrorCode code, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(Failure.class, failure -> assertThat(failure.code())
                .isEqualTo(code));
    }

    @ParameterizedTest
    @ValueSource(strings = {SQLITE, POSTGRESQL})
    void tenantsAreMadeChangedAndDeleted(String kind) {
        Database database = open(kind);
        Tenants tenants = tenants(database);
        tenants.create(ACME, "Acme", new Quota(Map.of(Resource.SANDBOXES, 7L, Resource.MEMORY_BYTES, Quota.NONE)));
        refused(ErrorCode.CONFLICT, () -> tenants.create(ACME, "again", Quota.UNSAID));
        assertThat(tenants.list()).extracting(Tenant::id).containsExactly(ACME, TenantId.DEFAULT);
        assertThat(tenants.quota(ACME).limits())
                .containsEntry(Resource.SANDBOXES, 7L)
                .containsEntry(Resource.MEMORY_BYTES, Quota.NONE);
        tenants.change(ACME, new Tenants.Change(Optional.of(ODD), Map.of(Resource.SANDBOXES, Optional.empty())));
        assertThat(tenants.get(ACME).name()).isEqualTo(STORED);
        assertThat(tenants.quota(ACME).limits()).containsEntry(Resource.SANDBOXES, 3L);
        tenants.delete(ACME);
        refused(ErrorCode.NOT_FOUND, () -> tenants.get(ACME));
        refused(ErrorCode.CONFLICT, () -> tenants.create(ACME, "once more", Quota.UNSAID));
    }

    @ParameterizedTest
    @ValueSource(strings = {SQLITE, POSTGRESQL})
    void keysOpenWhatTheyAreForUntilTheyExpireOrAreDeleted(String kind) {
        Database database = open(kind);
        tenants(database).create(ACME, "Acme", Quota.UNSAID);
        ApiKeys keys = new ApiKeys(database.writer(), CLOCK);
        ApiKeys.Minted minted = keys.create(ACME, ODD, KeyScope.READ, Optional.of(Duration.ofDays(1)));
        keys.create(TenantId.DEFAULT, "another", KeyScope.ADMIN, Optional.empty());
        refused(ErrorCode.NOT_FOUND, () -> keys.create(new TenantId("nobody"), "n", KeyScope.READ, Optional.empty()));
        ApiKey found = keys.authenticate(Optional.of(minted.text()));
        assertThat(found.tenant()).isEqualTo(ACME);
        assertThat(found.name()).isEqualTo(STORED);
        assertThat(found.expiresAt()).contains(KeptData.NOON.plus(Duration.ofDays(1)));
        assertThat(keys.list(ACME).getFirst().lastUsedAt()).contains(KeptData.NOON);
        assertThat(keys.counts()).isEqualTo(Map.of(ACME, 1L, TenantId.DEFAULT, 1L));
        ApiKeys later = new ApiKeys(database.writer(), InstantSource.fixed(KeptData.NOON.plus(Duration.ofDays(1))));
        refused(ErrorCode.UNAUTHENTICATED, () -> later.authenticate(Optional.of(minted.text())));
        refused(
                ErrorCode.NOT_FOUND,
                () -> keys.rename(TenantId.DEFAULT, minted.key().id(), "stolen", KeyScope.ADMIN));
        keys.rename(ACME, minted.key().id(), "renamed", KeyScope.TENANT);
        assertThat(keys.list(ACME)).extracting(ApiKey::name).containsExactly("renamed");
        keys.delete(ACME, minted.key().id(), KeyScope.TENANT);
        refused(ErrorCode.UNAUTHENTICATED, () -> keys.authenticate(Optional.of(minted.text())));
    }

    private static AuditEntry entry(String subject, Instant at) {
        return new AuditEntry(0, at, ACME, "k", ODD, "DELETE /x/{id}", subject, "127.0.0.1", 204, "", "r");
    }

    private static AuditLog audit(Database database) {
        return new AuditLog(database.writer(), database.reader(), Duration.ofDays(1), CLOCK).start();
    }

    /** One character of one client once lost all that others did in the same moment. */
    @ParameterizedTest
    @ValueSource(strings = {SQLITE, POSTGRESQL})
    void theAuditLogHasEveryEntryWhateverIsInIt(String kind) {
        Database database = open(kind);
        AuditLog audit = audit(database);
        audit.note(entry("before", KeptData.NOON));
        audit.note(entry(ODD, KeptData.NOON));
        audit.note(entry("after", KeptData.NOON));
        audit.close();
        assertThat(audit.unwritten()).isZero();
        AuditFilter of = new AuditFilter(
                Optional.of(ACME),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        AuditQuery all = AuditQuery.newest(of, 10);
        assertThat(audit.find(all)).extracting(AuditEntry::subject).containsExactly("after", STORED, "before");
        assertThat(audit.find(all)).extracting(AuditEntry::sequence).containsExactly(3L, 2L, 1L);
        AuditFilter odd = new AuditFilter(
                Optional.empty(),
                Optional.of(ODD),
                Optional.of("k"),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        AuditQuery one = new AuditQuery(odd, new AuditQuery.Page.Newest(Optional.of(3L)), 10);
        assertThat(audit.find(one)).extracting(AuditEntry::keyName).containsExactly(STORED);
    }

    private static AuditFilter saying(String text) {
        return new AuditFilter(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {SQLITE, POSTGRESQL})
    void whatIsOutsideAsciiIsFoundByItself(String kind) {
        Database database = open(kind);
        AuditLog audit = audit(database);
        audit.note(entry("Ärzte 100%", KeptData.NOON));
        audit.close();
        for (String text : List.of("Ärzte", "ÄRZTE", "Ärzte 100%")) {
            assertThat(audit.find(AuditQuery.newest(saying(text), 10))).as(text).hasSize(1);
        }
        assertThat(audit.find(AuditQuery.newest(saying("Ärzte_100"), 10))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {SQLITE, POSTGRESQL})
    void aSearchOfTheAuditLogLooksAtSoManyRowsAndSaysHowFar(String kind) {
        Database database = open(kind);
        int rows = Window.ROWS + 1;
        database.writer().useTransaction(handle -> {
            handle.createUpdate(MANY_ENTRIES)
                    .bind("rows", rows)
                    .bind("at", Micros.of(KeptData.NOON))
                    .execute();
            handle.createUpdate("UPDATE counters SET value = :rows * 1000 WHERE name = 'audit'")
                    .bind("rows", rows)
                    .execute();
        });
        AuditLog audit = audit(database);
        long last = rows * 1000L;
        AuditPage newest = audit.page(AuditQuery.newest(saying("first"), 10));
        assertThat(newest).isEqualTo(new AuditPage(List.of(), 2000, last));
        AuditPage older =
                audit.page(new AuditQuery(saying("first"), new AuditQuery.Page.Newest(Optional.of(newest.seen())), 10));
        assertThat(older.entries()).extracting(AuditEntry::sequence).containsExactly(1000L);
        assertThat(older.seen()).isZero();
        AuditPage oldest = audit.page(new AuditQuery(saying("last"), new AuditQuery.Page.After(0), 10));
        assertThat(oldest).isEqualTo(new AuditPage(List.of(), last - 1000, last));
        AuditPage later = audit.page(new AuditQuery(saying("last"), new AuditQuery.Page.After(oldest.seen()), 10));
        assertThat(later.entries()).extracting(AuditEntry::sequence).containsExactly(last);
        assertThat(later.seen()).isEqualTo(last);
        audit.close();
    }

    /** PostgreSQL knows the widths of columns. */
    @ParameterizedTest
    @ValueSource(strings = {POSTGRESQL})
    void anEntryThatDoesNotFitTakesNoOtherWithIt(String kind) {
        Database database = open(kind);
        AuditLog audit = audit(database);
        audit.note(entry("before", KeptData.NOON));
        audit.note(entry("x".repeat(100), KeptData.NOON));
        audit.note(entry("after", KeptData.NOON));
        audit.close();
        assertThat(audit.unwritten()).isEqualTo(1);
        AuditQuery all = AuditQuery.newest(AuditFilter.ALL, 10);
        assertThat(audit.find(all)).extracting(AuditEntry::subject).containsExactly("after", "before");
    }

    private static Webhooks.Wanted hook(String name) {
        return new Webhooks.Wanted(
                Optional.of(name),
                Optional.of("http://127.0.0.1:9/in"),
                Optional.empty(),
                Optional.empty(),
                Optional.of("sixteen characters"));
    }

    @ParameterizedTest
    @ValueSource(strings = {SQLITE, POSTGRESQL})
    void webhooksAreKeptWithTheirSecretsWhichAreRotated(String kind) {
        Database database = open(kind);
        Sealing before = new Sealing(Secrets.of(OLD));
        WebhookStore old = new WebhookStore(database.writer(), database.reader(), before);
        Webhooks webhooks = new Webhooks(old, Networks.parse("127.0.0.0/8"), before, CLOCK);
        String id = webhooks.create(ACME, hook(ODD)).webhook().id();
        refused(ErrorCode.NOT_FOUND, () -> webhooks.get(TenantId.DEFAULT, id));
        assertThat(webhooks.get(ACME, id).name()).isEqualTo(STORED);
        assertThat(webhooks.get(ACME, id).createdAt()).isEqualTo(KeptData.NOON);
        Sealing after = new Sealing(Secrets.of(NEW, OLD));
        WebhookStore store = new WebhookStore(database.writer(), database.reader(), after);
        assertThat(store.sealedBy()).isEqualTo(Map.of(OLD.id(), 1L));
        assertThat(store.reseal()).isEqualTo(1);
        assertThat(store.sealedBy()).isEqualTo(Map.of(NEW.id(), 1L));
        assertThat(after.open(Sealing.Use.WEBHOOK, id, webhooks.get(ACME, id).sealedSecret()))
                .isEqualTo("sixteen characters");
        assertThat(webhooks.givenUp()).isZero();
        webhooks.delete(ACME, id);
        assertThat(webhooks.list(ACME)).isEmpty();
    }

    private static Sandbox starting() {
        SandboxState state = new SandboxState.Starting(KeptData.HOST, KeptData.NOON);
        return new Sandbox(
                KeptData.RUNNING, ACME, 1, 1, KeptData.config(), KeptData.NOON, KeptData.NOON, state, Why.UNKNOWN);
    }

    @ParameterizedTest
    @ValueSource(strings = {SQLITE, POSTGRESQL})
    void variablesOfSandboxesAreSealedAnew(String kind) {
        Database database = open(kind);
        SandboxStore old = new SqlSandboxStore(database, new Sealing(Secrets.of(OLD)));
        assertThat(old.insert(starting(), Optional.empty(), List.of())).isEmpty();
        SealedEnvironments environments = new SealedEnvironments(database, new Sealing(Secrets.of(NEW, OLD)));
        assertThat(environments.sealedBy()).isEqualTo(Map.of(OLD.id(), 1L));
        assertThat(environments.reseal()).isEqualTo(1);
        assertThat(environments.sealedBy()).isEqualTo(Map.of(NEW.id(), 1L));
        assertThat(new SqlSandboxStore(database, new Sealing(Secrets.of(NEW))).get(KeptData.RUNNING))
                .contains(starting());
    }

    /** A client that leaves, or a pause, interrupts the thread of a request: what it stores is stored. */
    @ParameterizedTest
    @ValueSource(strings = {SQLITE, POSTGRESQL})
    void anInterruptedVirtualThreadStoresWhatItWrites(String kind) throws Exception {
        Database database = open(kind);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 20; i++) {
                String host = "host-" + i;
                Future<Boolean> still = threads.submit(() -> {
                    Thread.currentThread().interrupt();
                    database.write(handle -> handle.execute("INSERT INTO host_boots VALUES (?, 'b')", host));
                    return Thread.currentThread().isInterrupted();
                });
                assertThat(still.get()).isTrue();
            }
        }
        long stored = database.reader().withHandle(handle -> handle.createQuery("SELECT COUNT(*) FROM host_boots")
                .mapTo(Long.class)
                .one());
        assertThat(stored).isEqualTo(20);
    }
}

package dev.skerry.server.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.database.Database;
import dev.skerry.server.database.FreshPostgres;
import dev.skerry.server.jobs.StoredJob.Stage;
import dev.skerry.server.leases.Fence;
import dev.skerry.server.leases.Lease;
import dev.skerry.server.leases.LeaseTable.Candidate;
import dev.skerry.server.leases.Leases;
import dev.skerry.server.secrets.Sealing;
import dev.skerry.server.secrets.Secret;
import dev.skerry.server.secrets.Secrets;
import dev.skerry.server.secrets.TestSecrets;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.Failure;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On SQLite and PostgreSQL. */
@Timeout(60)
class JobStoreTest {
    private static final String SQLITE = "sqlite";
    private static final String POSTGRESQL = "postgresql";
    private static final TenantId ACME = new TenantId("acme");
    private static final TenantId OTHER = new TenantId("other");
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");

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

    private static JobStore store(Database database) {
        return new SqlJobStore(database, TestSecrets.SEALING, Fence.NONE);
    }

    private static JobStore.Fresh fresh(TenantId tenant, String token, Optional<String> key) {
        return new JobStore.Fresh(
                token,
                tenant,
                key,
                "digest of " + token,
                "{\"a\":\"nul \\u0000 ä\"}",
                NOON,
                Optional.of(new JobStore.Callback("http://127.0.0.1/x", "sixteen letters!")));
    }

    @ParameterizedTest
    @ValueSource(strings = {SQLITE, POSTGRESQL})
    void aJobIsKeptUntilItsResultIs(String kind) {
        JobStore store = store(open(kind));
        assertThat(store.insert(fresh(ACME, "t1", Optional.empty()))).isTrue();
        StoredJob waiting = store.get(ACME, "t1").orElseThrow();
        assertThat(waiting.stage()).isEqualTo(Stage.WAITING);
        assertThat(waiting.createdAt()).isEqualTo(NOON);
        assertThat(store.get(OTHER, "t1")).isEmpty();
        assertThat(store.request("t1")).contains("{\"a\":\"nul \\u0000 ä\"}");
        assertThat(store.unfinished(ACME)).isPositive();
        assertThat(store.begin("t1", NOON.plusSeconds(1))).contains(1);
        assertThat(store.begin("t1", NOON)).isEmpty();
        assertThat(store.toTell(NOON.plusSeconds(9), 10)).isEmpty();
        assertThat(store.end("t1", 1, "accepted", "{\"x\":1}", NOON.plusSeconds(2)))
                .isTrue();
        assertThat(store.end("t1", 1, "wrong_answer", "{}", NOON)).isFalse();
        StoredJob ended = store.get(ACME, "t1").orElseThrow();
        assertThat(ended.result()).isEqualTo("{\"x\":1}");
        assertThat(ended.verdict()).isEqualTo("accepted");
        assertThat(store.list(ACME, Optional.empty(), Optional.empty(), 9))
                .extracting(StoredJob::result)
                .containsExactly("");
        assertThat(ended.endedAt()).contains(NOON.plusSeconds(2));
        assertThat(store.request("t1")).isEmpty();
        assertThat(store.unfinished(ACME)).isZero();
        assertThat(store.toTell(NOON.plusSeconds(2), 10))
                .containsExactly(new JobStore.Telling("t1", ACME, "http://127.0.0.1/x", NOON.plusSeconds(2), 7));
        assertThat(store.due("t1").map(JobStore.Due::callback))
                .contains(new JobStore.Callback("http://127.0.0.1/x", "sixteen letters!"));
        store.told("t1", Optional.of(NOON.plusSeconds(60)), "no answer");
        assertThat(store.toTell(NOON.plusSeconds(59), 10)).isEmpty();
        store.told("t1", Optional.empty(), "");
        assertThat(store.toTell(NOON.plusSeconds(99), 10)).isEmpty();
        assertThat(store.get(ACME, "t1").orElseThrow().callback())
                .contains(new StoredJob.Call("http://127.0.0.1/x", Optional.empty(), 1, ""));
    }

    /** Of one tenant a hundred wait, of another one. */
    @ParameterizedTest
    @ValueSource(strings = {SQLITE, POSTGRESQL})
    void ofEachTenantTheOldestAndTheNewestAreToldFirst(String kind) {
        JobStore store = store(open(kind));
        for (int i = 10; i < 30; i++) {
            store.insert(fresh(ACME, "a" + i, Optional.empty()));
            store.end("a" + i, 0, "accepted", "{}", NOON.plusSeconds(i));
        }
        store.insert(fresh(OTHER, "b", Optional.empty()));
        assertThat(store.unfinished()).containsExactly(new JobStore.Unfinished("b", OTHER));
        store.end("b", 0, "accepted", "{}", NOON.plusSeconds(20));
        assertThat(store.unfinished()).isEmpty();
        Instant later = NOON.plusSeconds(60);
        assertThat(store.toTell(later, 2))
                .extracting(JobStore.Telling::token)
                .containsExactly("a10", "a11", "b", "a28", "a29");
        store.postpone(List.of("a10", "b"), later.plusSeconds(1));
        assertThat(store.toTell(later, 2))
                .extracting(JobStore.Telling::token)
                .containsExactly("a11", "a12", "a28", "a29");
        assertThat(store.toTell(later.plusSeconds(1), 20)).hasSize(21);
        assertThat(store.due("a10").orElseThrow().job().callback().orElseThrow().failures())
                .isZero();
        store.told("a11", Optional.empty(), "");
        store.postpone(List.of("a11"), later);
        assertThat(store.due("a11")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {SQLITE, POSTGRESQL})
    void aKeyOfATenantIsUsedOnce(String kind) {
        JobStore store = store(open(kind));
        assertThat(store.insert(fresh(ACME, "t1", Optional.of("k")))).isTrue();
        assertThat(store.insert(fresh(ACME, "t2", Optional.of("k")))).isFalse();
        assertThat(store.insert(fresh(OTHER, "t3", Optional.of("k")))).isTrue();
        assertThat(store.insert(fresh(ACME, "t4", Optional.empty()))).isTrue();
        assertThat(store.insert(fresh(ACME, "t5", Optional.empty()))).isTrue();
        assertThat(store.byKey(ACME, "k").map(StoredJob::token)).contains("t1");
        assertThat(store.list(ACME, Optional.empty(), Optional.empty(), 10))
                .extracting(StoredJob::token)
                .containsExactly("t5", "t4", "t1");
        assertThat(store.list(ACME, Optional.of(Stage.WAITING), Optional.of("t4"), 10))
                .extracting(StoredJob::token)
                .containsExactly("t1");
    }

    /** A server that was taken for dead comes back with a result. */
    @ParameterizedTest
    @ValueSource(strings = {SQLITE, POSTGRESQL})
    void onlyTheLastAttemptHasAResult(String kind) {
        JobStore store = store(open(kind));
        store.insert(fresh(ACME, "t1", Optional.empty()));
        assertThat(store.begin("t1", NOON)).contains(1);
        assertThat(store.takeUp()).extracting(StoredJob::token).containsExactly("t1");
        assertThat(store.end("t1", 1, "accepted", "{}", NOON)).isFalse();
        assertThat(store.begin("t1", NOON)).contains(2);
        assertThat(store.end("t1", 1, "accepted", "{}", NOON)).isFalse();
        assertThat(store.putBack("t1", 1)).isFalse();
        assertThat(store.putBack("t1", 2)).isTrue();
        assertThat(store.begin("t1", NOON)).contains(3);
        assertThat(store.end("t1", 3, "accepted", "{\"of\":3}", NOON)).isTrue();
        assertThat(store.takeUp()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {SQLITE, POSTGRESQL})
    void whoHasLostTheLeaseStoresNothing(String kind) {
        Database database = open(kind);
        Leases leases = new Leases(database);
        Candidate one = new Candidate("one", URI.create("http://127.0.0.1:1"));
        Candidate two = new Candidate("two", URI.create("http://127.0.0.1:2"));
        Lease first = leases.acquire("host:x", one, Duration.ofSeconds(30)).orElseThrow();
        JobStore old = new SqlJobStore(database, TestSecrets.SEALING, Fence.of(first, () -> {}));
        old.insert(fresh(ACME, "t1", Optional.empty()));
        assertThat(old.begin("t1", NOON)).contains(1);
        leases.release(first);
        Lease second = leases.acquire("host:x", two, Duration.ofSeconds(30)).orElseThrow();
        JobStore store = new SqlJobStore(database, TestSecrets.SEALING, Fence.of(second, () -> {}));
        assertThatThrownBy(() -> old.end("t1", 1, "accepted", "{}", NOON))
                .isInstanceOf(Failure.class)
                .hasMessageContaining("does not have host:x any more");
        assertThatThrownBy(() -> old.insert(fresh(ACME, "t2", Optional.empty())))
                .isInstanceOf(Failure.class);
        assertThat(store.takeUp()).hasSize(1);
        assertThat(store.get(ACME, "t2")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {SQLITE, POSTGRESQL})
    void resultsAreForgottenAfterTheirTimeAndBeyondSoMany(String kind) {
        JobStore store = store(open(kind));
        for (int i = 1; i <= 5; i++) {
            store.insert(fresh(ACME, "a" + i, Optional.empty()));
            store.end("a" + i, 0, "accepted", "x".repeat(100), NOON.plusSeconds(i));
            if (i != 5) {
                store.told("a" + i, Optional.empty(), "");
            }
        }
        store.insert(fresh(OTHER, "b1", Optional.empty()));
        // Too old: a1. Of the others, told or not, the last three or 250 characters: a5, a4.
        assertThat(store.forget(NOON.plusSeconds(2), 3, 250)).isEqualTo(3);
        assertThat(store.list(ACME, Optional.empty(), Optional.empty(), 10))
                .extracting(StoredJob::token)
                .containsExactly("a5", "a4");
        assertThat(store.forget(NOON, 1, 1000)).isEqualTo(1);
        assertThat(store.get(OTHER, "b1")).isPresent();
        assertThat(store.get(ACME, "a5")).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {SQLITE, POSTGRESQL})
    void whatIsToBeRunAndSignedWithIsSealedAnew(String kind) {
        Database database = open(kind);
        Secret fresh = new Secret(HexFormat.of().parseHex("07".repeat(32)), Optional.empty());
        Secret zeros = new Secret(new byte[32], Optional.empty());
        store(database).insert(fresh(ACME, "t1", Optional.empty()));
        SqlJobStore later = new SqlJobStore(database, new Sealing(Secrets.of(fresh, zeros)), Fence.NONE);
        assertThat(later.sealedBy()).isEqualTo(Map.of(zeros.id(), 2L));
        assertThat(later.reseal()).isEqualTo(2);
        assertThat(later.sealedBy()).isEqualTo(Map.of(fresh.id(), 2L));
        JobStore only = new SqlJobStore(database, new Sealing(Secrets.of(fresh)), Fence.NONE);
        assertThat(only.request("t1")).contains("{\"a\":\"nul \\u0000 ä\"}");
    }
}

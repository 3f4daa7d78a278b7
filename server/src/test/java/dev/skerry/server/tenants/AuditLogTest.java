package dev.skerry.server.tenants;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.database.Database;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditLogTest {
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
    private static final TenantId ACME = new TenantId("acme");

    private Database database;
    private Instant now = NOON;

    @BeforeEach
    void open(@TempDir Path folder) {
        database = Database.open(folder.resolve("skerry.db"));
    }

    @AfterEach
    void close() {
        database.close();
    }

    private AuditLog log() {
        return new AuditLog(database.writer(), database.reader(), Duration.ofDays(1), () -> now).start();
    }

    private static AuditEntry entry(TenantId tenant, String key, String subject, Instant at) {
        return new AuditEntry(
                0, at, tenant, key, "ci", "DELETE /sandboxes/{sandboxID}", subject, "127.0.0.1", 204, "", "r");
    }

    private static AuditQuery all() {
        return AuditQuery.newest(AuditFilter.ALL, 100);
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("it did not happen within 20 s").isLessThan(end);
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    void whatIsNotedIsStoredAlsoWhenItIsClosedAtOnce() {
        try (AuditLog log = log()) {
            for (int i = 0; i < 1200; i++) {
                log.note(entry(ACME, "k", "box" + i, NOON));
            }
        }
        try (AuditLog log = log()) {
            List<AuditEntry> found = log.find(all());
            assertThat(found).hasSize(100);
            assertThat(found.getFirst())
                    .isEqualTo(entry(ACME, "k", "box1199", NOON).numbered(1200));
            assertThat(log.unwritten()).isZero();
        }
    }

    @Test
    void itIsFoundByWhoWhatAndWhenPageByPage() {
        AuditLog log = log();
        log.note(entry(ACME, "k1", "a", NOON));
        log.note(entry(ACME, "k2", "b", NOON.plusSeconds(1)));
        log.note(entry(TenantId.DEFAULT, "k3", "a", NOON.plusSeconds(2)));
        log.close();
        assertThat(subjects(log, Optional.of(ACME), Optional.empty(), Optional.empty()))
                .containsExactly("b", "a");
        assertThat(subjects(log, Optional.empty(), Optional.of(NOON.plusSeconds(1)), Optional.empty()))
                .containsExactly("a", "b");
        assertThat(subjects(log, Optional.empty(), Optional.empty(), Optional.of("k2")))
                .containsExactly("b");
        AuditFilter a = AuditFilter.of(Optional.empty(), "a");
        AuditQuery page = new AuditQuery(a, new AuditQuery.Page.Newest(Optional.of(3L)), 1);
        assertThat(log.find(page)).extracting(AuditEntry::keyId).containsExactly("k1");
    }

    private static List<String> subjects(
            AuditLog log, Optional<TenantId> tenant, Optional<Instant> since, Optional<String> key) {
        AuditFilter filter = new AuditFilter(
                tenant,
                Optional.empty(),
                key,
                Optional.empty(),
                Optional.empty(),
                since,
                Optional.empty(),
                Optional.empty());
        return log.find(AuditQuery.newest(filter, 10)).stream()
                .map(AuditEntry::subject)
                .toList();
    }

    private static AuditFilter filter(
            String operation, Optional<AuditFilter.Outcome> outcome, Optional<Instant> until, String text) {
        return new AuditFilter(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(operation).filter(some -> !some.isEmpty()),
                outcome,
                Optional.empty(),
                until,
                Optional.of(text).filter(some -> !some.isEmpty()));
    }

    @Test
    void itIsSearchedByOperationOutcomeTextAndFollowed() {
        int[] states = {204, 409, 500, 0};
        try (AuditLog log = log()) {
            for (int i = 0; i < states.length; i++) {
                log.note(new AuditEntry(
                        0,
                        NOON.plusSeconds(i),
                        ACME,
                        "k",
                        "100%_sure",
                        "POST /x/" + i,
                        "s",
                        "192.0.2." + i,
                        states[i],
                        "",
                        "r"));
            }
        }
        AuditLog log = log();
        assertThat(statuses(log, filter("post /x/2", Optional.empty(), Optional.empty(), "")))
                .containsExactly(500);
        assertThat(statuses(log, filter("", Optional.of(AuditFilter.Outcome.DONE), Optional.empty(), "")))
                .containsExactly(204);
        assertThat(statuses(log, filter("", Optional.of(AuditFilter.Outcome.REFUSED), Optional.empty(), "")))
                .containsExactly(409);
        assertThat(statuses(log, filter("", Optional.of(AuditFilter.Outcome.FAILED), Optional.empty(), "")))
                .containsExactly(0, 500);
        assertThat(statuses(log, filter("", Optional.empty(), Optional.of(NOON.plusSeconds(1)), "")))
                .containsExactly(204);
        assertThat(statuses(log, filter("", Optional.empty(), Optional.empty(), "192.0.2.1")))
                .containsExactly(409);
        assertThat(statuses(log, filter("", Optional.empty(), Optional.empty(), "100%_SURE")))
                .hasSize(4);
        assertThat(statuses(log, filter("", Optional.empty(), Optional.empty(), "100_%")))
                .isEmpty();
        assertThat(log.find(new AuditQuery(AuditFilter.ALL, new AuditQuery.Page.After(2), 100)))
                .extracting(AuditEntry::sequence)
                .containsExactly(3L, 4L);
        log.close();
    }

    private static List<Integer> statuses(AuditLog log, AuditFilter filter) {
        return log.find(AuditQuery.newest(filter, 10)).stream()
                .map(AuditEntry::status)
                .toList();
    }

    @Test
    void oldEntriesGo() {
        AuditLog first = log();
        first.note(entry(ACME, "k", "old", NOON.minus(Duration.ofHours(30))));
        first.note(entry(ACME, "k", "young", NOON));
        first.close();
        try (AuditLog second = log()) {
            await(() -> second.find(all()).size() == 1);
            assertThat(second.find(all())).extracting(AuditEntry::subject).containsExactly("young");
        }
    }

    @Test
    void whatCannotBeWrittenIsCountedAndStopsNothing() {
        database.writer().useHandle(handle -> handle.execute("PRAGMA query_only = 1"));
        try (AuditLog log = log()) {
            log.note(entry(ACME, "k", "a", NOON));
            await(() -> log.unwritten() == 1);
            database.writer().useHandle(handle -> handle.execute("PRAGMA query_only = 0"));
            log.note(entry(ACME, "k", "b", NOON));
            await(() -> log.find(all()).size() == 1);
            assertThat(log.find(all())).extracting(AuditEntry::subject).containsExactly("b");
        }
    }
}

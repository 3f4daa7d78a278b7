package dev.skerry.server.leases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.database.Database;
import dev.skerry.server.leases.HostTerms.HostTerm;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.hosts.HostId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the table in a database does, whichever database it is. */
abstract class SqlLeasesContract extends LeasesContract {
    private static final String CLOCK = "(SELECT value FROM counters WHERE name = 'test_clock')";

    private Database database;

    abstract Database openDatabase();

    @Override
    LeaseTable open() {
        database = openDatabase();
        database.writer()
                .useHandle(handle ->
                        handle.execute("INSERT INTO counters (name, value) VALUES ('test_clock', 1000000000)"));
        return new Leases(database.writer(), CLOCK);
    }

    @Override
    void pass(Duration time) {
        database.writer()
                .useHandle(handle -> handle.execute(
                        "UPDATE counters SET value = value + ? WHERE name = 'test_clock'", time.toNanos() / 1000));
    }

    @AfterEach
    void close() {
        database.close();
    }

    private int write(Fence fence, String host) {
        return database.write(handle -> {
            int added = handle.execute("INSERT INTO host_boots VALUES (?, 'boot')", host);
            fence.check(handle);
            return added;
        });
    }

    private List<String> written() {
        return database.reader().withHandle(handle -> handle.createQuery("SELECT host FROM host_boots ORDER BY host")
                .mapTo(String.class)
                .list());
    }

    @Test
    void whoHadTheHostIsKeptInOrder() {
        HostTerms terms = new HostTerms(database);
        HostId host = new HostId("h");
        Instant noon = Instant.parse("2026-03-01T12:00:00.123456Z");
        assertThat(terms.list(host)).isEmpty();
        HostTerm alone = terms.begin(host, "first", "127.0.0.1:3000", noon);
        assertThat(alone.number()).isEqualTo(1);
        assertThat(terms.begin(host, "second", "127.0.0.1:3000", noon).number()).isEqualTo(2);
        HostTerm leased = terms.begin(host, new Lease("host:h", "third", 9), "http://10.0.0.3:3000", noon);
        assertThat(leased).isEqualTo(new HostTerm(host, 9, "third", "http://10.0.0.3:3000", noon));
        terms.begin(new HostId("other"), "fourth", "x", noon);
        assertThat(terms.list(host)).extracting(HostTerm::owner).containsExactly("first", "second", "third");
        assertThat(terms.list(host)).startsWith(alone).endsWith(leased);
    }

    /** Numbers jump when a copy was restored. */
    @Test
    void termsAreForgottenByTheirNumberOfTermsAndNotByTheDistanceOfNumbers() {
        HostTerms terms = new HostTerms(database);
        HostId host = new HostId("h");
        Instant noon = Instant.parse("2026-03-01T12:00:00Z");
        terms.begin(host, new Lease("host:h", "first", 1), "x", noon);
        terms.begin(host, new Lease("host:h", "restored", 1_700_000_000_000_000L), "x", noon);
        assertThat(terms.list(host)).extracting(HostTerm::owner).containsExactly("first", "restored");
        database.writer()
                .useHandle(handle -> handle.createUpdate("INSERT INTO host_terms (host, number, owner, address,"
                                + " began_at) WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i <"
                                + " :kept) SELECT 'h', i, 'many', 'x', 0 FROM n")
                        .bind("kept", HostTerms.KEPT)
                        .execute());
        terms.begin(host, new Lease("host:h", "last", 1_700_000_000_000_001L), "x", noon);
        assertThat(terms.list(host)).hasSize(HostTerms.KEPT).first().matches(oldest -> oldest.number() == 3);
    }

    @Test
    void whatOneWritesWhoHasLostItIsUndoneAndHeHearsOfIt() {
        LeaseTable table = new Leases(database.writer(), CLOCK);
        Lease old = table.acquire(HOST, A, TTL).orElseThrow();
        List<String> heard = new ArrayList<>();
        Fence fence = Fence.of(old, () -> heard.add("refused"));
        write(fence, "in-time");
        pass(TTL);
        // Nobody else has it yet, so nobody is harmed.
        write(fence, "late");
        Lease own = table.acquire(HOST, B, TTL).orElseThrow();
        assertThatThrownBy(() -> write(fence, "stale"))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.NO_CAPACITY));
        write(Fence.of(own, () -> heard.add("wrongly refused")), "next");
        assertThat(written()).containsExactly("in-time", "late", "next");
        assertThat(heard).containsExactly("refused");
    }

    @Test
    void theDatabasesOwnClockIsInMicroseconds() {
        long now = database.reader().withHandle(handle -> handle.createQuery("SELECT " + database.now())
                .mapTo(Long.class)
                .one());
        assertThat(now / 1_000_000).isCloseTo(System.currentTimeMillis() / 1000, Offset.offset(60L));
        LeaseTable table = new Leases(database);
        Lease lease = table.acquire("other", A, Duration.ofMinutes(1)).orElseThrow();
        assertThat(table.renew(lease, Duration.ofMinutes(1))).isTrue();
        assertThat(table.acquire("other", B, TTL)).isEmpty();
    }
}

package dev.skerry.server.leases;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.leases.LeaseTable.Candidate;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every table of leases does. Time passes when the test says so. */
abstract class LeasesContract {
    static final String HOST = "host:local";
    static final Candidate A = new Candidate("a", URI.create("http://127.0.0.1:1"));
    static final Candidate B = new Candidate("b", URI.create("http://127.0.0.1:2"));
    static final Duration TTL = Duration.ofSeconds(3);

    private LeaseTable table;

    abstract LeaseTable open();

    abstract void pass(Duration time);

    @BeforeEach
    void openTable() {
        table = open();
    }

    private Lease take(Candidate candidate) {
        return table.acquire(HOST, candidate, TTL).orElseThrow();
    }

    @Test
    void oneHasItUntilItExpires() {
        Lease lease = take(A);
        assertThat(table.holder(HOST)).contains(new LeaseTable.Holder("a", A.address(), lease.fence()));
        assertThat(table.acquire(HOST, B, TTL)).isEmpty();
        assertThat(table.acquire(HOST, A, TTL)).isEmpty();
        pass(TTL.minusMillis(1));
        assertThat(table.acquire(HOST, B, TTL)).isEmpty();
        pass(Duration.ofMillis(1));
        assertThat(table.holder(HOST)).isEmpty();
        assertThat(take(B).fence()).isGreaterThan(lease.fence());
        assertThat(table.holder("host:other")).isEmpty();
        assertThat(table.acquire("host:other", A, TTL)).isPresent();
    }

    @Test
    void aRenewedOneLastsFromItsRenewal() {
        Lease lease = take(A);
        for (int i = 0; i < 5; i++) {
            pass(TTL.minusMillis(1));
            assertThat(table.renew(lease, TTL)).isTrue();
        }
        assertThat(table.acquire(HOST, B, TTL)).isEmpty();
    }

    @Test
    void anExpiredOneIsNeverRevived() {
        Lease lease = take(A);
        pass(TTL);
        assertThat(table.renew(lease, TTL)).isFalse();
        assertThat(table.holder(HOST)).isEmpty();
        Lease next = take(A);
        assertThat(table.renew(lease, TTL)).isFalse();
        assertThat(table.renew(next, TTL)).isTrue();
    }

    @Test
    void aFenceGrowsWhateverBecomesOfTheLease() {
        Lease first = take(A);
        table.release(first);
        assertThat(table.holder(HOST)).isEmpty();
        Lease second = take(B);
        pass(TTL);
        Lease third = take(B);
        table.release(third);
        table.release(third);
        Lease fourth = take(A);
        assertThat(List.of(first, second, third, fourth))
                .extracting(Lease::fence)
                .isSorted()
                .doesNotHaveDuplicates();
    }

    @Test
    void whoHasLostItChangesNothing() {
        Lease old = take(A);
        pass(TTL);
        Lease own = take(B);
        table.release(old);
        assertThat(table.renew(old, TTL)).isFalse();
        assertThat(table.holder(HOST)).map(LeaseTable.Holder::fence).contains(own.fence());
        table.release(own);
        assertThat(table.renew(own, TTL)).isFalse();
    }

    @Test
    void ofManyWhoWantItOneGetsIt() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Optional<Lease>>> tries = IntStream.range(0, 16)
                    .<Callable<Optional<Lease>>>mapToObj(
                            number -> () -> table.acquire(HOST, new Candidate("c" + number, A.address()), TTL))
                    .toList();
            int taken = 0;
            for (Future<Optional<Lease>> one : threads.invokeAll(tries)) {
                taken += one.get().isPresent() ? 1 : 0;
            }
            assertThat(taken).isEqualTo(1);
        }
    }
}

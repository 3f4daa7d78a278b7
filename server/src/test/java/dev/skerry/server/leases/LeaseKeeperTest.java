package dev.skerry.server.leases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.leases.LeaseTable.Candidate;
import dev.skerry.wire.Failure;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LeaseKeeperTest {
    private static final LeaseKeeper.Timing FAST = new LeaseKeeper.Timing(
            Duration.ofMillis(600), Duration.ofMillis(100), Duration.ofMillis(100), Duration.ofMillis(20));

    /** For those in which no lease runs out, however long a thread has to wait for a processor. */
    private static final LeaseKeeper.Timing STEADY = new LeaseKeeper.Timing(
            Duration.ofMinutes(1), Duration.ofMillis(100), Duration.ofMillis(100), Duration.ofMillis(20));

    private final InMemoryLeases table = new InMemoryLeases(() -> System.nanoTime() / 1000);
    private final List<LeaseKeeper> keepers = new ArrayList<>();
    private final AtomicInteger atWork = new AtomicInteger();
    private final List<String> journal = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        keepers.forEach(LeaseKeeper::close);
        assertThat(atWork).hasValue(0);
    }

    private LeaseKeeper keeper(String name, LeaseTable leases) {
        return keeper(name, leases, STEADY);
    }

    private LeaseKeeper keeper(String name, LeaseTable leases, LeaseKeeper.Timing timing) {
        Duty duty = term -> {
            assertThat(atWork.incrementAndGet()).as("at work at a time").isEqualTo(1);
            journal.add(name + " " + term.lease().fence());
            return atWork::decrementAndGet;
        };
        return keeper(name, leases, timing, duty);
    }

    private LeaseKeeper keeper(String name, LeaseTable leases, LeaseKeeper.Timing timing, Duty duty) {
        Candidate candidate = new Candidate(name, URI.create("http://127.0.0.1:1"));
        LeaseKeeper keeper = new LeaseKeeper(leases, "host:x", candidate, timing, duty).start();
        keepers.add(keeper);
        return keeper;
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
        }
    }

    @Test
    void anotherTakesOverAtOnceFromOneThatIsClosed() throws Exception {
        LeaseKeeper first = keeper("a", table);
        assertThat(first.awaitFirst(Duration.ofSeconds(30))).isTrue();
        LeaseKeeper second = keeper("b", table);
        assertThat(second.awaitFirst(Duration.ofSeconds(30))).isTrue();
        assertThat(second.term()).isEmpty();
        Term term = first.term().orElseThrow();
        term.require();
        first.close();
        assertThatThrownBy(term::require).isInstanceOf(Failure.class);
        await(() -> journal.contains("b 2"));
        assertThat(journal).containsExactly("a 1", "b 2");
    }

    /** Its table answers no more, as if the network were cut; that of the other one does. */
    @Test
    void oneThatCannotRenewStopsBeforeAnotherBegins() {
        CutOff cut = new CutOff(table);
        LeaseKeeper first = keeper("a", cut, FAST);
        await(() -> first.term().isPresent());
        keeper("b", table, FAST);
        cut.cut.set(1);
        await(() -> journal.contains("b 2"));
        assertThat(first.term()).isEmpty();
        assertThat(journal).containsExactly("a 1", "b 2");
    }

    @Test
    void aRenewalThatIsRefusedEndsTheTermAndItIsWantedAgain() {
        LeaseKeeper first = keeper("a", table);
        await(() -> first.term().isPresent());
        table.release(first.term().orElseThrow().lease());
        await(() -> journal.contains("a 2"));
        assertThat(journal).startsWith("a 1", "a 2");
    }

    @Test
    void whatCannotBeBegunIsTriedAgain() {
        AtomicInteger tries = new AtomicInteger();
        LeaseKeeper keeper = keeper("a", table, STEADY, _ -> {
            if (tries.incrementAndGet() < 3) {
                throw new IllegalStateException("not yet");
            }
            return () -> {};
        });
        await(() -> tries.get() == 3 && keeper.term().isPresent());
        assertThat(table.fence("host:x")).isEqualTo(3);
    }

    @Test
    void oneThatIsStillBeginningIsInterruptedWhenItIsClosed() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        LeaseKeeper keeper = keeper("a", table, STEADY, _ -> {
            begun.countDown();
            new CountDownLatch(1).await();
            return () -> {};
        });
        begun.await();
        keeper.close();
        assertThat(table.holder("host:x")).isEmpty();
    }

    /** A table in front of another, which can be cut off. */
    private static final class CutOff implements LeaseTable {
        private final LeaseTable inner;
        private final AtomicInteger cut = new AtomicInteger();

        CutOff(LeaseTable inner) {
            this.inner = inner;
        }

        private LeaseTable reached() {
            if (cut.get() > 0) {
                throw new IllegalStateException("cut off");
            }
            return inner;
        }

        @Override
        public Optional<Lease> acquire(String id, Candidate candidate, Duration ttl) {
            return reached().acquire(id, candidate, ttl);
        }

        @Override
        public boolean renew(Lease lease, Duration ttl) {
            return reached().renew(lease, ttl);
        }

        @Override
        public void release(Lease lease) {
            reached().release(lease);
        }

        @Override
        public Optional<Holder> holder(String id) {
            return reached().holder(id);
        }
    }
}

package dev.skerry.server.sandboxes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LedgerTest {
    private static final int HISTORIES = 300;
    private static final int STEPS = 200;
    private static final Ledger.Created OLD = new Ledger.Created(false, Samples.NOON);
    private static final Holding RUNS = new Holding(1, 1, 1000, 512, 2048);
    private static final Holding FROZEN = new Holding(1, 0, 0, 512, 2048);
    private static final Holding ON_DISK = new Holding(1, 0, 0, 0, 2048);
    private static final List<Holding> HOLDINGS = List.of(Holding.NOTHING, RUNS, FROZEN, ON_DISK);

    private static Quota quota(Resource resource, long limit) {
        return new Quota(Map.of(resource, limit));
    }

    private static Failure refused(Ledger ledger, Holding before, Quota quota) {
        return catchThrowableOfType(Failure.class, () -> ledger.reserve(Samples.TENANT, before, RUNS, quota, OLD));
    }

    /** What each sandbox of a random history has, next to what the ledger says of all. */
    private static final class History {
        private final Random random;
        private final Ledger ledger = new Ledger(12);
        private final List<TenantId> owners = new ArrayList<>();
        private final List<Holding> held = new ArrayList<>();

        History(long seed) {
            this.random = new Random(seed);
        }

        void step() {
            if (owners.size() < 20) {
                owners.add(random.nextBoolean() ? Samples.TENANT : Samples.OTHER);
                held.add(Holding.NOTHING);
            }
            int i = random.nextInt(owners.size());
            Holding next = HOLDINGS.get(random.nextInt(HOLDINGS.size()));
            if (next.equals(RUNS)) {
                try {
                    Quota quota = Samples.QUOTAS.get(owners.get(i));
                    ledger.reserve(owners.get(i), held.get(i), next, quota, OLD);
                } catch (Failure e) {
                    assertThat(e.code()).isEqualTo(ErrorCode.LIMIT_EXCEEDED);
                    return;
                }
            } else {
                ledger.change(owners.get(i), held.get(i), next);
            }
            held.set(i, next);
        }

        Holding sum(TenantId tenant) {
            Holding sum = Holding.NOTHING;
            for (int i = 0; i < owners.size(); i++) {
                sum = owners.get(i).equals(tenant) ? sum.plus(held.get(i)) : sum;
            }
            return sum;
        }
    }

    @Test
    void whateverHappensItIsTheSumOfWhatEachHas() {
        for (long seed = 0; seed < HISTORIES; seed++) {
            History history = new History(seed);
            for (int i = 0; i < STEPS; i++) {
                history.step();
                for (TenantId tenant : List.of(Samples.TENANT, Samples.OTHER)) {
                    Holding written = history.ledger.of(tenant);
                    assertThat(written).as("seed %d, step %d", seed, i).isEqualTo(history.sum(tenant));
                    assertThat(written.amounts().values()).allMatch(amount -> amount >= 0);
                }
                assertThat(history.ledger.of(Samples.TENANT).runs()).isLessThanOrEqualTo(3);
                assertThat(history.ledger.all().runs()).isLessThanOrEqualTo(12);
            }
        }
    }

    @Test
    void manyAtOnceGetNoMoreThanThereIs() throws InterruptedException {
        Ledger ledger = new Ledger(1000);
        AtomicInteger got = new AtomicInteger();
        CountDownLatch go = new CountDownLatch(1);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 200; i++) {
                var _ = threads.submit(() -> {
                    go.await();
                    ledger.reserve(
                            Samples.TENANT, Holding.NOTHING, RUNS, quota(Resource.MEMORY_BYTES, 7 * 512 + 511), OLD);
                    return got.incrementAndGet();
                });
            }
            go.countDown();
        }
        assertThat(got).hasValue(7);
        assertThat(ledger.of(Samples.TENANT).memoryBytes()).isEqualTo(7 * 512);
    }

    @Test
    void aRefusalNamesTheQuotaItsValueAndTheUse() {
        Ledger ledger = new Ledger(1000);
        ledger.reserve(Samples.TENANT, Holding.NOTHING, RUNS, Quota.UNSAID, OLD);
        assertThat(refused(ledger, Holding.NOTHING, quota(Resource.SANDBOXES, 1)))
                .hasMessageContaining("maximum number of concurrent E2B sandboxes (1)")
                .hasMessageContaining("'acme' of sandboxes is 1, and 1 run");
        assertThat(refused(ledger, Holding.NOTHING, quota(Resource.CPU_MILLIS, 1500)))
                .hasMessage("the quota of tenant 'acme' of CPUs is 1.5, of which 1 are in use; this needs 1");
        assertThat(refused(ledger, Holding.NOTHING, quota(Resource.MEMORY_BYTES, 600)))
                .hasMessage("the quota of tenant 'acme' of memory is 600 bytes, of which 512 bytes are in use;"
                        + " this needs 512 bytes");
        assertThat(refused(ledger, Holding.NOTHING, quota(Resource.DISK_BYTES, 3 << 10)))
                .hasMessage("the quota of tenant 'acme' of disk is 3 KiB, of which 2 KiB are in use; this needs 2 KiB");
        assertThat(ledger.of(Samples.TENANT)).isEqualTo(RUNS);
    }

    @Test
    void oneThatIsFrozenHasItsMemoryAndOneOnDiskHasNot() {
        Ledger ledger = new Ledger(1000);
        Quota one = quota(Resource.MEMORY_BYTES, 512);
        ledger.change(Samples.TENANT, Holding.NOTHING, FROZEN);
        assertThat(refused(ledger, Holding.NOTHING, one).code()).isEqualTo(ErrorCode.LIMIT_EXCEEDED);
        // It has what it needs of it, and is let run.
        ledger.reserve(Samples.TENANT, FROZEN, RUNS, one, OLD);
        ledger.change(Samples.TENANT, RUNS, ON_DISK);
        ledger.reserve(Samples.TENANT, Holding.NOTHING, RUNS, one, OLD);
    }

    @Test
    void createsAreCountedPerSecondAndWhoIsTooManyIsToldWhen() {
        Ledger ledger = new Ledger(1000);
        Quota two = quota(Resource.CREATES_PER_SECOND, 2);
        create(ledger, two, Samples.NOON);
        create(ledger, two, Samples.NOON);
        Failure third = catchThrowableOfType(Failure.class, () -> create(ledger, two, Samples.NOON));
        assertThat(third).hasMessageContaining("of creates is 2 in a second");
        assertThat(third.retryAfter()).contains(Duration.ofSeconds(1));
        assertThat(ledger.of(Samples.TENANT)).isEqualTo(Holding.NOTHING);
        create(ledger, two, Samples.NOON.plusMillis(500));
        // Nobody else waits for that, and a clock that is set back gives nothing.
        ledger.reserve(Samples.OTHER, Holding.NOTHING, RUNS, two, new Ledger.Created(true, Samples.NOON));
        assertThatThrownBy(() -> create(ledger, two, Samples.NOON.minusSeconds(60)))
                .isInstanceOf(Failure.class);
        assertThatThrownBy(() -> create(ledger, quota(Resource.CREATES_PER_SECOND, 0), Samples.NOON.plusSeconds(60)))
                .isInstanceOfSatisfying(
                        Failure.class, none -> assertThat(none.retryAfter()).isEmpty());
    }

    private static void create(Ledger ledger, Quota quota, Instant at) {
        ledger.reserve(Samples.TENANT, Holding.NOTHING, RUNS, quota, new Ledger.Created(true, at));
        ledger.change(Samples.TENANT, RUNS, Holding.NOTHING);
    }

    @Test
    void aTenantThatHasSandboxesIsNotRetiredAndOneThatIsGetsNone() {
        Ledger ledger = new Ledger(1000);
        ledger.change(Samples.TENANT, Holding.NOTHING, ON_DISK);
        assertThatThrownBy(() -> ledger.retire(Samples.TENANT, () -> {}))
                .hasMessageContaining("has 1 sandbox, running or paused");
        ledger.change(Samples.TENANT, ON_DISK, Holding.NOTHING);
        assertThatThrownBy(() -> ledger.retire(Samples.TENANT, () -> {
                    throw new IllegalStateException("the database is away");
                }))
                .hasMessage("the database is away");
        ledger.reserve(Samples.TENANT, Holding.NOTHING, RUNS, Quota.UNSAID, OLD);
        ledger.change(Samples.TENANT, RUNS, Holding.NOTHING);
        ledger.retire(Samples.TENANT, () -> assertThatThrownBy(
                        () -> ledger.reserve(Samples.TENANT, Holding.NOTHING, RUNS, Quota.UNSAID, OLD))
                .isInstanceOfSatisfying(Failure.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND)));
    }
}

package dev.skerry.server.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.jobs.Refusals.Reason;
import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.StageOutcome;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class JobQueueTest {
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");

    private final FakeJobHost host = new FakeJobHost();
    private final CountDownLatch gate = new CountDownLatch(1);
    private final AtomicReference<Instant> time = new AtomicReference<>(NOON);
    private final InstantSource clock = time::get;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    JobQueueTest() {
        host.program("gate", (_, _, _) -> {
            gate.await();
            return 0;
        });
    }

    @AfterEach
    void close() {
        gate.countDown();
        threads.shutdownNow();
        threads.close();
    }

    private static JobSettings settings(int slots, int queued, int ofTenant, TrustPolicy trust) {
        return new JobSettings(OptionalInt.of(slots), queued, ofTenant, Map.of(), Duration.ofDays(1), trust);
    }

    private JobQueue queue(int slots, int queued, int ofTenant) {
        return new JobQueue(host, settings(slots, queued, ofTenant, TrustPolicy.NONE), clock);
    }

    private Future<JobOutcome> begin(JobQueue queue, String tenant, String program) {
        return begin(queue, Works.by(tenant, "u", program));
    }

    private Future<JobOutcome> begin(JobQueue queue, Submission submission) {
        return threads.submit(() -> queue.run(submission, JobListener.NOBODY));
    }

    static void eventually(BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static Failure refused(ThrowingCallable call) {
        AtomicReference<Failure> failure = new AtomicReference<>();
        assertThatThrownBy(call).isInstanceOfSatisfying(Failure.class, failure::set);
        return failure.get();
    }

    @Test
    void aJobRunsAndItsOutcomeIsTheHosts() throws Exception {
        JobQueue queue = queue(2, 10, 10);
        JobOutcome outcome = queue.run(Works.by("a", "u", "hello"), JobListener.NOBODY);
        assertThat(outcome.runs()).extracting(StageOutcome::status).containsExactly(StageOutcome.Status.OK);
        assertThat(outcome.runs().getFirst().stdout()).isEqualTo(Works.bytes("hello\n"));
        assertThat(queue.running() + queue.waiting()).isZero();
    }

    @Test
    void noMoreRunThanMayAndNoneOfATenantThanItsQuota() throws Exception {
        JobQueue queue = new JobQueue(
                host,
                settings(3, 100, 100, TrustPolicy.NONE),
                clock,
                tenant -> tenant.text().equals("small") ? OptionalLong.of(1) : OptionalLong.empty());
        List<Future<JobOutcome>> all = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            all.add(begin(queue, "small", "gate"));
        }
        eventually(() -> queue.waiting() == 4);
        assertThat(queue.running()).isEqualTo(1);
        for (int i = 0; i < 5; i++) {
            all.add(begin(queue, "big", "gate"));
        }
        eventually(() -> queue.waiting() == 7);
        assertThat(queue.running()).isEqualTo(3);
        gate.countDown();
        for (Future<JobOutcome> one : all) {
            assertThat(one.get().runs()).hasSize(1);
        }
        assertThat(host.most.get()).isEqualTo(3);
    }

    /** It had all places while it was alone. */
    @Test
    void whoComesDoesNotWaitForAnothersLongJobsOnceItIsKnown() throws Exception {
        JobQueue queue = queue(4, 100, 100);
        queue.run(Works.by("late", "u", "hello"), JobListener.NOBODY);
        for (int i = 0; i < 8; i++) {
            var _ = begin(queue, "long", "gate");
        }
        eventually(() -> queue.waiting() == 5);
        assertThat(queue.running()).isEqualTo(3);
        assertThat(queue.run(Works.by("late", "u", "hello"), JobListener.NOBODY).runs())
                .hasSize(1);
        time.set(NOON.plus(Shares.COMPANY).plusSeconds(1));
        var _ = begin(queue, "long", "gate");
        eventually(() -> queue.running() == 4);
    }

    @Test
    void aTenantThatIsAloneHasAllPlaces() {
        JobQueue queue = queue(4, 100, 100);
        for (int i = 0; i < 8; i++) {
            var _ = begin(queue, "a", "gate");
        }
        eventually(() -> queue.running() == 4 && queue.waiting() == 4);
    }

    /** It has a weight or a quota: somebody has thought about what it may have. */
    @Test
    void whoseBoundWasSaidHasThat() throws Exception {
        JobSettings settings = new JobSettings(
                OptionalInt.of(4), 100, 100, Map.of(new TenantId("heavy"), 3), Duration.ofDays(1), TrustPolicy.NONE);
        JobQueue queue = new JobQueue(host, settings, clock);
        queue.run(Works.by("late", "u", "hello"), JobListener.NOBODY);
        for (int i = 0; i < 8; i++) {
            var _ = begin(queue, "heavy", "gate");
        }
        eventually(() -> queue.running() == 4 && queue.waiting() == 4);
    }

    @Test
    void aTenantWhoseQuotaIsNothingIsRefused() {
        JobQueue queue = new JobQueue(host, settings(3, 100, 100, TrustPolicy.NONE), clock, _ -> OptionalLong.of(0));
        assertThat(refused(() -> queue.run(Works.by("a", "u", "hello"), JobListener.NOBODY)))
                .hasMessage("tenant a may run no jobs");
        assertThat(queue.refusals().of(Reason.QUOTA)).isEqualTo(1);
    }

    @Test
    void aFullQueueSaysWhichPlaceItWouldBeAndWhenToAskAgain() {
        JobQueue queue = queue(1, 3, 2);
        var _ = begin(queue, "a", "gate");
        eventually(() -> queue.running() == 1);
        var _ = begin(queue, "a", "gate");
        var _ = begin(queue, "a", "gate");
        eventually(() -> queue.waiting() == 2);
        Failure tenant = refused(() -> queue.run(Works.by("a", "u", "hello"), JobListener.NOBODY));
        assertThat(tenant.code()).isEqualTo(ErrorCode.LIMIT_EXCEEDED);
        assertThat(tenant)
                .hasMessage("2 jobs of tenant a wait already, which is all that may; it would have place 3,"
                        + " and wait for about 1.3 s");
        assertThat(tenant.retryAfter()).contains(Duration.ofSeconds(1));
        var _ = begin(queue, "b", "gate");
        eventually(() -> queue.waiting() == 3);
        Failure full = refused(() -> queue.run(Works.by("c", "u", "hello"), JobListener.NOBODY));
        // Of the two others that wait, one job each goes before.
        assertThat(full).hasMessageStartingWith("3 jobs wait already, which is all that may; it would have place 3,");
        assertThat(queue.refusals().of(Reason.QUEUE_FULL)).isEqualTo(1);
        assertThat(queue.refusals().of(Reason.TENANT_FULL)).isEqualTo(1);
    }

    @Test
    void whoIsInterruptedLeavesTheQueue() {
        JobQueue queue = queue(1, 10, 10);
        var _ = begin(queue, "a", "gate");
        eventually(() -> queue.running() == 1);
        Future<JobOutcome> waiting = begin(queue, "a", "hello");
        eventually(() -> queue.waiting() == 1);
        waiting.cancel(true);
        eventually(() -> queue.waiting() == 0);
        assertThat(host.ran).hasSize(1);
    }

    @Test
    void whoIsInterruptedWhileItRunsFreesItsPlace() throws Exception {
        JobQueue queue = queue(1, 10, 10);
        Future<JobOutcome> running = begin(queue, "a", "gate");
        eventually(() -> host.ran.size() == 1);
        Future<JobOutcome> next = begin(queue, "a", "hello");
        running.cancel(true);
        assertThat(next.get().runs()).hasSize(1);
    }

    @Test
    void whatCannotBeDoneInTimeIsRefusedAtOnceWithTheReason() throws Exception {
        JobQueue queue = queue(1, 10, 10);
        host.took = Duration.ofSeconds(3);
        Submission soon = Works.until(Works.by("a", "u", "hello"), NOON.plusSeconds(2));
        queue.run(soon, JobListener.NOBODY);
        Failure failure = refused(() -> queue.run(soon, JobListener.NOBODY));
        assertThat(failure)
                .hasMessage("it cannot be done in the 2.0 s that it has: such a job of python 3.11.2 takes about 3.0 s;"
                        + " it would have place 1, and wait for about 0.0 s");
        assertThat(failure.retryAfter()).isPresent();
        assertThat(queue.refusals().of(Reason.DEADLINE)).isEqualTo(1);
        assertThat(host.ran).hasSize(1);
        queue.run(Works.until(Works.by("a", "u", "hello"), NOON.plusSeconds(4)), JobListener.NOBODY);
    }

    @Test
    void whoseTimeRunsOutInTheQueueIsToldSo() {
        JobQueue queue = queue(1, 10, 10);
        var _ = begin(queue, "a", "gate");
        eventually(() -> queue.running() == 1);
        Submission soon = Works.until(Works.by("a", "u", "hello"), NOON.plusMillis(300));
        Future<JobOutcome> waiting = begin(queue, soon);
        assertThatThrownBy(waiting::get)
                .isInstanceOf(ExecutionException.class)
                .hasMessageContaining("its time was over before its turn came");
        assertThat(queue.waiting()).isZero();
    }

    @Test
    void theFloorIsWhatThePolicyOfTrustDemands() throws Exception {
        TrustPolicy trust =
                TrustPolicy.parse("tenant:anonymous=gvisor, label:source:web=microvm, template:other=microvm");
        JobQueue queue = new JobQueue(host, settings(1, 10, 10, trust), clock);
        assertThat(host.floors).isEqualTo(Map.of("other", Isolation.MICROVM));
        List<String> levels = new ArrayList<>();
        queue.observeLevels((decision, achieved) -> levels.add(decision.rule() + " " + achieved.label()));
        List<TrustPolicy.Decision> told = new ArrayList<>();
        queue.run(Works.by("anonymous", "u", "hello"), JobListener.NOBODY, told::add);
        queue.run(Works.by("a", "u", "hello"), JobListener.NOBODY);
        assertThat(levels).containsExactly("tenant:anonymous=gvisor gvisor", "request container");
        assertThat(told).containsExactly(new TrustPolicy.Decision("tenant:anonymous=gvisor", Isolation.GVISOR));
        assertThat(host.ran).extracting(order -> order.floor()).containsExactly(Isolation.GVISOR, Isolation.CONTAINER);
        assertThat(trust.decide(new TenantId("anonymous"), "base", Map.of("source", "web"), Isolation.CONTAINER))
                .isEqualTo(new TrustPolicy.Decision("label:source:web=microvm", Isolation.MICROVM));
        assertThat(trust.decide(new TenantId("anonymous"), "base", Map.of(), Isolation.MICROVM))
                .isEqualTo(new TrustPolicy.Decision("request", Isolation.MICROVM));
    }

    @Test
    void aQueueThatIsClosedSendsAwayWhoWaits() {
        JobQueue queue = queue(1, 10, 10);
        var _ = begin(queue, "a", "gate");
        eventually(() -> queue.running() == 1);
        Future<JobOutcome> waiting = begin(queue, "a", "hello");
        eventually(() -> queue.waiting() == 1);
        queue.close();
        assertThatThrownBy(waiting::get).hasMessageContaining("the server is being stopped");
        assertThat(refused(() -> queue.run(Works.by("a", "u", "hello"), JobListener.NOBODY))
                        .code())
                .isEqualTo(ErrorCode.NO_CAPACITY);
        assertThat(queue.waiting()).isZero();
    }

    /** Many at once, by many, with some that leave: all places are free in the end. */
    @Test
    void noPlaceIsLostWhateverHappens() throws Exception {
        JobQueue queue = queue(4, 1000, 1000);
        List<Future<JobOutcome>> all = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            all.add(begin(queue, Works.by("t" + i % 3, "u" + i % 50, i % 4 == 0 ? "fail" : "hello")));
            if (i % 5 == 0) {
                all.get(i / 2).cancel(true);
            }
        }
        gate.countDown();
        for (Future<JobOutcome> one : all) {
            if (!one.isCancelled()) {
                assertThat(one.get().runs()).hasSize(1);
            }
        }
        eventually(() -> queue.running() == 0 && queue.waiting() == 0);
        assertThat(host.most.get()).isLessThanOrEqualTo(5);
        assertThat(queue.run(Works.by("a", "u", "hello"), JobListener.NOBODY).runs())
                .hasSize(1);
    }
}

package dev.skerry.server.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.database.Database;
import dev.skerry.server.jobs.StoredJob.Stage;
import dev.skerry.server.leases.Fence;
import dev.skerry.server.secrets.TestSecrets;
import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.settings.Networks;
import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.webhooks.Receiver;
import dev.skerry.server.webhooks.WebhookStore;
import dev.skerry.server.webhooks.Webhooks;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class SubmissionsTest {
    private static final TenantId ACME = new TenantId("acme");
    private static final Duration LONG = Duration.ofSeconds(10);

    private final FakeJobHost host = new FakeJobHost();
    private final CountDownLatch gate = new CountDownLatch(1);
    private final AtomicInteger gated = new AtomicInteger();
    private final InstantSource clock = InstantSource.system();
    private final Deque<Submissions> opened = new ArrayDeque<>();
    private Database database;
    private Webhooks webhooks;

    @BeforeEach
    void open(@TempDir Path folder) {
        database = Database.open(folder.resolve("skerry.db"));
        webhooks = new Webhooks(
                new WebhookStore(database.writer(), database.reader(), TestSecrets.SEALING),
                Networks.parse("127.0.0.0/8"),
                TestSecrets.SEALING,
                clock);
        host.program("gate", (_, _, _) -> {
            gated.incrementAndGet();
            gate.await();
            return 0;
        });
        host.program("once", (_, _, _) -> {
            if (gated.incrementAndGet() == 1) {
                gate.await();
            }
            return 0;
        });
    }

    @AfterEach
    void close() {
        gate.countDown();
        opened.forEach(Submissions::close);
        database.close();
    }

    /** A server of one place. What is handed in is the name of a program. */
    private Submissions server() {
        Submissions submissions = new Submissions(parts()).start();
        opened.push(submissions);
        return submissions;
    }

    private Submissions.Parts parts() {
        JobSettings settings = new JobSettings(OptionalInt.of(1), 3, 3, Map.of(), Duration.ofDays(1), TrustPolicy.NONE);
        return new Submissions.Parts(
                new JobQueue(host, settings, clock),
                new SqlJobStore(database, TestSecrets.SEALING, Fence.NONE),
                webhooks.callbacks(),
                (_, request) -> work(request),
                settings,
                clock);
    }

    private static JobWork work(String program) {
        return new JobWork(Works.by("acme", "u", program), List.of(Optional.empty()), false, Optional.empty());
    }

    private static Submissions.Handed handed(String program, Optional<String> key) {
        return new Submissions.Handed(work(program), program, program, key, Optional.empty());
    }

    private static StoredJob hand(Submissions server, String program) {
        return server.hand(handed(program, Optional.empty())).job();
    }

    /** Its table is away while the first attempt ends, and is there again a moment later. */
    @Test
    void aJobGoesOnWhenItsDatabaseIsThereAgain() throws Exception {
        CountDownLatch failed = new CountDownLatch(1);
        Logger log = Logger.getLogger(JobRuns.class.getName());
        Handler heard = new Heard(failed);
        log.addHandler(heard);
        host.program("unstored", (_, _, _) -> {
            if (gated.incrementAndGet() == 1) {
                gate.await(); // Who hands it in reads it once more.
                database.writer().useHandle(handle -> handle.execute("ALTER TABLE jobs RENAME TO away"));
            }
            return 0;
        });
        Submissions server = server();
        StoredJob job = hand(server, "unstored");
        gate.countDown();
        try {
            failed.await();
        } finally {
            log.removeHandler(heard);
        }
        database.writer().useHandle(handle -> handle.execute("ALTER TABLE away RENAME TO jobs"));
        StoredJob found = server.get(ACME, job.token());
        while (!found.ended()) {
            found = server.await(ACME, job.token(), LONG);
        }
        assertThat(found.attempts()).isEqualTo(2);
    }

    /** That a job could not be carried out. */
    private static final class Heard extends Handler {
        private final CountDownLatch said;

        private Heard(CountDownLatch said) {
            this.said = said;
        }

        @Override
        public void publish(LogRecord record) {
            if (record.getMessage().contains("could not be carried out")) {
                said.countDown();
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    private static StoredJob ended(Submissions server, StoredJob job) throws InterruptedException {
        StoredJob found = server.await(ACME, job.token(), LONG);
        assertThat(found.stage()).isEqualTo(Stage.ENDED);
        return found;
    }

    @Test
    void whatIsHandedInIsRunAndItsResultIsThereForWhoeverAsks() throws Exception {
        Submissions server = server();
        StoredJob job = hand(server, "hello");
        StoredJob ended = ended(server, job);
        assertThat(ended.verdict()).isEqualTo("accepted");
        assertThat(ended.attempts()).isEqualTo(1);
        assertThat(ended.result()).contains("\"stdout\":\"hello\\n\"", "\"rule\":\"request\"", "\"achieved\"");
        assertThat(server.get(ACME, job.token()).result()).isEqualTo(ended.result());
        assertThatThrownBy(() -> server.get(new TenantId("other"), job.token()))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.NOT_FOUND));
        assertThat(server.unfinished()).isZero();
    }

    @Test
    void aKeyMakesItOnce() throws Exception {
        Submissions server = server();
        Submissions.Taken first = server.hand(handed("hello", Optional.of("k")));
        Submissions.Taken second = server.hand(handed("hello", Optional.of("k")));
        assertThat(first.again()).isFalse();
        assertThat(second.again()).isTrue();
        assertThat(second.job().token()).isEqualTo(first.job().token());
        ended(server, first.job());
        assertThat(server.hand(handed("hello", Optional.of("k"))).job().verdict())
                .isEqualTo("accepted");
        assertThat(host.ran).hasSize(1);
        assertThatThrownBy(() -> server.hand(handed("cat", Optional.of("k"))))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.CONFLICT));
    }

    /** The first server stands still in the middle of a job, with others waiting, and comes back too late. */
    @Test
    void whatAServerLeavesIsRunByTheNextAndStoredOnce() throws Exception {
        Submissions first = server();
        StoredJob running = hand(first, "once");
        JobQueueTest.eventually(() -> gated.get() == 1);
        StoredJob waiting = hand(first, "hello");
        Submissions second = server();
        assertThat(endedSoon(second, running).attempts()).isEqualTo(2);
        assertThat(endedSoon(second, waiting).verdict()).isEqualTo("accepted");
        String result = second.get(ACME, running.token()).result();
        gate.countDown();
        JobQueueTest.eventually(() -> first.unfinished() == 0);
        assertThat(second.get(ACME, running.token()).attempts()).isEqualTo(2);
        assertThat(second.get(ACME, running.token()).result()).isEqualTo(result);
    }

    private static StoredJob endedSoon(Submissions server, StoredJob job) {
        JobQueueTest.eventually(() -> server.get(ACME, job.token()).ended());
        return server.get(ACME, job.token());
    }

    /** Taking thousands up takes longer than until somebody looks for what was left behind. */
    @Test
    void whatIsBeingTakenUpIsNotTakenForLeftBehind() {
        Submissions first = server();
        hand(first, "gate");
        first.close();
        LiveJobs live = new LiveJobs();
        Submissions.Parts parts = parts();
        try (ExecutorService busy = Executors.newSingleThreadExecutor()) {
            Future<?> _ = busy.submit(() -> gate.await(LONG.toSeconds(), TimeUnit.SECONDS));
            JobRuns runs = new JobRuns(parts, busy, live, () -> {});
            runs.takeUp(parts.store().takeUp());
            runs.reconcile();
            assertThat(live.size()).isZero();
            runs.close();
            gate.countDown();
        }
    }

    @Test
    void aServerThatIsClosedLeavesItsJobsToTheNext() throws Exception {
        Submissions first = server();
        StoredJob running = hand(first, "once");
        JobQueueTest.eventually(() -> gated.get() == 1);
        first.close();
        assertThat(first.get(ACME, running.token()).stage()).isEqualTo(Stage.RUNNING);
        assertThat(endedSoon(server(), running).verdict()).isEqualTo("accepted");
    }

    @Test
    void whatEndsItsServerEachTimeIsGivenUp() {
        Submissions first = server();
        StoredJob job = hand(first, "gate");
        JobQueueTest.eventually(() -> gated.get() == 1);
        first.close();
        for (int i = 2; i <= Attempts.MOST; i++) {
            int attempt = i;
            Submissions next = server();
            JobQueueTest.eventually(() -> gated.get() == attempt);
            next.close();
        }
        StoredJob ended = endedSoon(server(), job);
        assertThat(ended.verdict()).isEqualTo("internal_error");
        assertThat(ended.result()).contains("it was tried 5 times");
    }

    @Test
    void aFullQueueTakesNothingAndKeepsNothing() {
        Submissions server = server();
        hand(server, "gate");
        JobQueueTest.eventually(() -> gated.get() == 1);
        for (int i = 0; i < 3; i++) {
            hand(server, "hello");
        }
        assertThatThrownBy(() -> hand(server, "hello")).isInstanceOfSatisfying(Failure.class, failure -> {
            assertThat(failure.code()).isEqualTo(ErrorCode.LIMIT_EXCEEDED);
            assertThat(failure).hasMessageContaining("it would have place 4");
            assertThat(failure.retryAfter()).isPresent();
        });
        assertThat(server.list(ACME, Optional.empty(), Optional.empty(), 10)).hasSize(4);
    }

    @Test
    void whatWaitsAndWhatRunsCanBeCancelled() throws Exception {
        Submissions server = server();
        StoredJob running = hand(server, "gate");
        JobQueueTest.eventually(() -> gated.get() == 1);
        StoredJob waiting = hand(server, "hello");
        server.cancel(ACME, waiting.token());
        assertThat(server.get(ACME, waiting.token()).verdict()).isEqualTo("cancelled");
        server.cancel(ACME, running.token());
        assertThat(ended(server, running).verdict()).isEqualTo("cancelled");
        assertThat(host.ran).hasSize(1);
        StoredJob next = ended(server, hand(server, "hello"));
        server.cancel(ACME, next.token());
        assertThat(server.get(ACME, next.token()).verdict()).isEqualTo("accepted");
    }

    @Test
    void whatIsCancelledWhileItsSandboxIsMadeHasEnded() throws Exception {
        host.making = new CountDownLatch(1);
        Submissions server = server();
        StoredJob job = hand(server, "hello");
        JobQueueTest.eventually(() -> host.ran.size() == 1);
        server.cancel(ACME, job.token());
        assertThat(ended(server, job).verdict()).isEqualTo("cancelled");
        assertThat(server.unfinished()).isZero();
    }

    @Test
    void aServerThatIsClosedWhileItMakesSandboxesLeavesTheirJobsToTheNext() {
        host.making = new CountDownLatch(1);
        Submissions first = server();
        StoredJob job = hand(first, "hello");
        JobQueueTest.eventually(() -> host.ran.size() == 1);
        first.close();
        host.making.countDown();
        assertThat(endedSoon(server(), job).verdict()).isEqualTo("accepted");
    }

    @Test
    void whoeverPollsWaitsForTheEndButNotLonger() throws Exception {
        Submissions server = server();
        StoredJob running = hand(server, "gate");
        assertThat(server.await(ACME, running.token(), Duration.ofMillis(50)).ended())
                .isFalse();
        Thread poller = Thread.ofVirtual().start(() -> {
            try {
                ended(server, running);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        JobQueueTest.eventually(() -> gated.get() == 1);
        gate.countDown();
        assertThat(poller.join(LONG)).isTrue();
    }

    private static JobStore.Callback at(Receiver receiver) {
        return new JobStore.Callback(receiver.url("/done"), "sixteen letters!");
    }

    private static StoredJob handTelling(Submissions server, String tenant, Receiver receiver) {
        return server.hand(new Submissions.Handed(
                        new JobWork(Works.by(tenant, "u", "hello"), List.of(Optional.empty()), false, Optional.empty()),
                        "hello",
                        "hello",
                        Optional.empty(),
                        Optional.of(at(receiver))))
                .job();
    }

    /** An attempt takes ten seconds at most, and that is what each of the dead receiver's takes. */
    @Test
    void whoseReceiverIsDeadDelaysNobodyElse() throws Exception {
        try (Receiver dead = new Receiver();
                Receiver well = new Receiver()) {
            dead.answer = _ -> -1;
            Submissions server = server();
            for (int i = 0; i < 20; i++) {
                StoredJob job = handTelling(server, "acme", dead);
                JobQueueTest.eventually(() -> server.get(ACME, job.token()).ended());
            }
            JobQueueTest.eventually(() -> dead.got.size() == CallbackTurns.OF_TENANT);
            long begin = System.nanoTime();
            StoredJob _ = handTelling(server, "other", well);
            JobQueueTest.eventually(() -> well.got.size() == 1);
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(8));
            assertThat(dead.got).hasSize(CallbackTurns.OF_TENANT);
        }
    }

    @Test
    void theEndIsToldSignedAndAgainUntilItArrives() throws Exception {
        try (Receiver receiver = new Receiver()) {
            AtomicInteger calls = new AtomicInteger();
            receiver.answer = _ -> calls.incrementAndGet() == 1 ? 500 : 204;
            Submissions server = server();
            JobStore.Callback callback = new JobStore.Callback(receiver.url("/done"), "sixteen letters!");
            StoredJob job = server.hand(new Submissions.Handed(
                            work("hello"), "hello", "hello", Optional.empty(), Optional.of(callback)))
                    .job();
            JobQueueTest.eventually(() -> receiver.got.size() == 2);
            Receiver.Got got = receiver.got.getLast();
            assertThat(got.path()).isEqualTo("/done");
            assertThat(got.body()).contains("\"token\":\"" + job.token() + "\"", "\"verdict\":\"accepted\"");
            assertThat(got.headers()).containsKey("skerry-signature").containsEntry("e2b-webhook-id", job.token());
            JobQueueTest.eventually(() -> server.get(ACME, job.token())
                    .callback()
                    .filter(call -> call.nextAt().isEmpty())
                    .isPresent());
            assertThat(server.upkeep().told()).isEqualTo(1);
        }
    }
}

package dev.skerry.server.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.webhooks.Callbacks;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A job that waits and is cancelled while the database is away has lost its place, and ends all the same. */
@Timeout(30)
class CancelledJobsTest {
    private static final TenantId ACME = new TenantId("acme");
    private static final InstantSource CLOCK = InstantSource.system();

    private static Callbacks noCallbacks() {
        return (Callbacks) Proxy.newProxyInstance(
                Callbacks.class.getClassLoader(), new Class<?>[] {Callbacks.class}, (_, method, _) -> {
                    throw new AssertionError(method);
                });
    }

    private static JobWork work(String program) {
        return new JobWork(Works.by("acme", "u", program), List.of(Optional.empty()), false, Optional.empty());
    }

    private static StoredJob hand(Submissions server, String program) {
        return server.hand(new Submissions.Handed(work(program), program, program, Optional.empty(), Optional.empty()))
                .job();
    }

    @Test
    void whatCannotBeStoredOfItIsStoredLater() throws Exception {
        AtomicBoolean away = new AtomicBoolean();
        JobStore inner = new InMemoryJobStore();
        JobStore store = WatchedJobStore.of((method, arguments) -> {
            if (method.getName().equals("end") && away.get()) {
                throw new IllegalStateException("the database is away");
            }
            return WatchedJobStore.pass(inner, method, arguments);
        });
        FakeJobHost host = new FakeJobHost();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch gate = new CountDownLatch(1);
        host.program("gate", (_, _, _) -> {
            begun.countDown();
            gate.await();
            return 0;
        });
        JobSettings settings =
                new JobSettings(OptionalInt.of(1), 10, 10, Map.of(), Duration.ofDays(1), TrustPolicy.NONE);
        try (JobQueue queue = new JobQueue(host, settings, CLOCK);
                Submissions server = new Submissions(new Submissions.Parts(
                                queue, store, noCallbacks(), (_, request) -> work(request), settings, CLOCK))
                        .start()) {
            StoredJob running = hand(server, "gate");
            begun.await();
            String waiting = hand(server, "hello").token();
            away.set(true);
            assertThatThrownBy(() -> server.cancel(ACME, waiting)).hasMessage("the database is away");
            away.set(false);
            assertThat(server.await(ACME, waiting, Duration.ofSeconds(10)).verdict())
                    .isEqualTo("cancelled");
            gate.countDown();
            assertThat(server.await(ACME, running.token(), Duration.ofSeconds(10))
                            .verdict())
                    .isEqualTo("accepted");
            JobQueueTest.eventually(() -> server.unfinished() == 0);
            assertThat(host.ran).hasSize(1);
        }
    }

    /** Its host is full at first; when it is read again the server cannot say yet whether it can be run. */
    @Test
    void whatIsCancelledWhileItIsReadAgainIsNotRun() throws Exception {
        AtomicInteger reads = new AtomicInteger();
        AtomicReference<Submissions> server = new AtomicReference<>();
        AtomicReference<String> token = new AtomicReference<>();
        Submissions.Reader reader = (_, request) -> {
            int read = reads.incrementAndGet();
            if (read == 2) {
                server.get().cancel(ACME, token.get());
            }
            if (read <= 2) {
                throw new Failure(ErrorCode.NO_CAPACITY, "not now");
            }
            return work(request);
        };
        FakeJobHost host = new FakeJobHost();
        try (JobQueue queue = new JobQueue(host, JobSettings.DEFAULT, CLOCK);
                Submissions only = new Submissions(
                                new Submissions.Parts(
                                        queue,
                                        new InMemoryJobStore(),
                                        noCallbacks(),
                                        reader,
                                        JobSettings.DEFAULT,
                                        CLOCK),
                                Duration.ofMillis(100))
                        .start()) {
            server.set(only);
            token.set(hand(only, "hello").token());
            assertThat(only.await(ACME, token.get(), Duration.ofSeconds(20)).verdict())
                    .isEqualTo("cancelled");
            assertThat(host.ran).isEmpty();
        }
    }
}

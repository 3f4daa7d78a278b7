package dev.skerry.server.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.webhooks.Callbacks;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two that are handed in under one key at the same time have the same fate. */
@Timeout(30)
class EqualJobsTest {
    private static final TenantId ACME = new TenantId("acme");
    private static final InstantSource CLOCK = InstantSource.system();

    private final JobStore inner = new InMemoryJobStore();
    private final CountDownLatch stored = new CountDownLatch(1);
    private final CountDownLatch found = new CountDownLatch(1);

    private static Callbacks noCallbacks() {
        return (Callbacks) Proxy.newProxyInstance(
                Callbacks.class.getClassLoader(), new Class<?>[] {Callbacks.class}, (_, method, _) -> {
                    throw new AssertionError(method);
                });
    }

    /** The first one that is stored goes on once the second has found it. */
    private Object called(Method method, Object[] arguments) throws Throwable {
        Object answer = WatchedJobStore.pass(inner, method, arguments);
        if (method.getName().equals("insert") && stored.getCount() > 0) {
            stored.countDown();
            found.await();
        }
        if (method.getName().equals("byKey") && ((Optional<?>) answer).isPresent()) {
            found.countDown();
        }
        return answer;
    }

    private static Submissions.Handed handed() {
        JobWork work = new JobWork(Works.by("acme", "u", "hello"), List.of(Optional.empty()), false, Optional.empty());
        return new Submissions.Handed(work, "hello", "hello", Optional.of("key"), Optional.empty());
    }

    private Submissions.Parts parts(JobQueue queue) {
        return new Submissions.Parts(
                queue,
                WatchedJobStore.of(this::called),
                noCallbacks(),
                (_, _) -> handed().work(),
                JobSettings.DEFAULT,
                CLOCK);
    }

    @Test
    void nobodyIsToldOfAJobThatIsRefusedAfterAll() throws Exception {
        try (JobQueue queue = new JobQueue(new FakeJobHost(), JobSettings.DEFAULT, CLOCK, _ -> OptionalLong.of(0));
                Submissions server = new Submissions(parts(queue))) {
            FutureTask<Submissions.Taken> first = new FutureTask<>(() -> server.hand(handed()));
            Thread.ofVirtual().start(first);
            stored.await();
            assertThatThrownBy(() -> server.hand(handed()))
                    .isInstanceOfSatisfying(
                            Failure.class, refused -> assertThat(refused.code()).isEqualTo(ErrorCode.LIMIT_EXCEEDED));
            assertThatThrownBy(first::get).hasRootCauseMessage("tenant acme may run no jobs");
            assertThat(server.list(ACME, Optional.empty(), Optional.empty(), 10))
                    .isEmpty();
        }
    }

    @Test
    void theSecondIsToldOfTheFirstOnceThatHasAPlace() throws Exception {
        try (JobQueue queue = new JobQueue(new FakeJobHost(), JobSettings.DEFAULT, CLOCK);
                Submissions server = new Submissions(parts(queue))) {
            FutureTask<Submissions.Taken> first = new FutureTask<>(() -> server.hand(handed()));
            Thread.ofVirtual().start(first);
            stored.await();
            Submissions.Taken second = server.hand(handed());
            assertThat(second.again()).isTrue();
            assertThat(second.job().token()).isEqualTo(first.get().job().token());
        }
    }
}

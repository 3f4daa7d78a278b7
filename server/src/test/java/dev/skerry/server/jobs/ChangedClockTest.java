package dev.skerry.server.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.server.webhooks.Callbacks;
import dev.skerry.wire.jobs.JobListener;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Somebody sets the machine's clock, by hours. */
@Timeout(30)
class ChangedClockTest {
    private final AtomicReference<Instant> time = new AtomicReference<>(Instant.parse("2026-03-01T12:00:00Z"));
    private final InstantSource clock = time::get;
    private final FakeJobHost host = new FakeJobHost();
    private final JobSettings settings =
            new JobSettings(OptionalInt.of(1), 10, 10, Map.of(), Duration.ofDays(1), TrustPolicy.NONE);

    private static JobWork work() {
        return new JobWork(Works.by("acme", "u", "hello"), List.of(Optional.empty()), false, Optional.empty());
    }

    private Submissions server(JobQueue queue, JobStore store) {
        var callbacks = (Callbacks) Proxy.newProxyInstance(
                Callbacks.class.getClassLoader(), new Class<?>[] {Callbacks.class}, (_, method, _) -> {
                    throw new AssertionError(method);
                });
        return new Submissions(
                        new Submissions.Parts(queue, store, callbacks, (_, _) -> work(), settings, clock),
                        Duration.ofSeconds(1))
                .start();
    }

    @Test
    void whatWasLeftBehindIsFoundAlthoughTheClockWasSetBack() {
        AtomicInteger looks = new AtomicInteger();
        JobStore inner = new InMemoryJobStore();
        JobStore store = WatchedJobStore.of((method, arguments) -> {
            if (method.getName().equals("unfinished") && arguments == null) {
                looks.incrementAndGet();
            }
            return WatchedJobStore.pass(inner, method, arguments);
        });
        try (JobQueue queue = new JobQueue(host, settings, clock);
                Submissions _ = server(queue, store)) {
            JobQueueTest.eventually(() -> looks.get() == 1);
            time.updateAndGet(now -> now.minus(Duration.ofHours(8)));
            JobQueueTest.eventually(() -> looks.get() == 2);
        }
    }

    private Thread run(JobQueue queue, String tenant, String program) {
        return Thread.ofVirtual().start(() -> {
            try {
                var _ = queue.run(Works.by(tenant, "u", program), new JobListener() {}, _ -> {});
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private CountDownLatch held(String program) {
        CountDownLatch gate = new CountDownLatch(1);
        host.program(program, (_, _, _) -> {
            gate.await();
            return 0;
        });
        return gate;
    }

    private List<String> ran() {
        return host.ran.stream().map(order -> order.id()).toList();
    }

    /** What was broken off took as long as it took, and not as long as the clock says. */
    @Test
    void whoseJobIsBrokenOffMeanwhileWaitsNoLongerThanOthers() throws Exception {
        held("broken off");
        CountDownLatch gate = held("b0");
        List.of("a1", "b1", "b2", "b3").forEach(name -> host.program(name, (_, _, _) -> 0));
        try (JobQueue queue = new JobQueue(host, settings, clock)) {
            Thread broken = run(queue, "a", "broken off");
            JobQueueTest.eventually(() -> queue.running() == 1);
            run(queue, "b", "b0");
            JobQueueTest.eventually(() -> queue.waiting() == 1);
            time.updateAndGet(now -> now.plus(Duration.ofHours(8)));
            broken.interrupt();
            broken.join();
            JobQueueTest.eventually(() -> ran().contains("b0"));
            for (int i = 1; i <= 3; i++) {
                int waiting = i;
                run(queue, "b", "b" + i);
                JobQueueTest.eventually(() -> queue.waiting() == waiting);
            }
            run(queue, "a", "a1");
            JobQueueTest.eventually(() -> queue.waiting() == 4);
            gate.countDown();
            JobQueueTest.eventually(() -> queue.running() + queue.waiting() == 0);
            assertThat(ran().indexOf("a1")).isLessThan(ran().indexOf("b3"));
        }
    }
}

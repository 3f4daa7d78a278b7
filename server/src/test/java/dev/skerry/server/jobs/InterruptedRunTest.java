package dev.skerry.server.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.webhooks.Callbacks;
import dev.skerry.wire.jobs.JobHost;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who cancels a job interrupts its program, and no question to the database, which would cost a connection. */
@Timeout(30)
class InterruptedRunTest {
    private static final TenantId ACME = new TenantId("acme");

    /** Has begun; and may end. */
    private final CountDownLatch begun = new CountDownLatch(1);

    private final CountDownLatch gate = new CountDownLatch(1);

    /** What of the store was called by who was interrupted, or was interrupted in it. */
    private final List<String> hit = new CopyOnWriteArrayList<>();

    /** Is done around a call. */
    @FunctionalInterface
    private interface Around {
        Object call(Method method, Inner inner) throws Throwable;
    }

    @FunctionalInterface
    private interface Inner {
        Object call() throws Throwable;
    }

    private static <T> T around(Class<T> type, T inner, Around around) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (_, method, arguments) -> around.call(method, () -> {
                    try {
                        return method.invoke(inner, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                })));
    }

    private static Callbacks noCallbacks() {
        return (Callbacks) Proxy.newProxyInstance(
                Callbacks.class.getClassLoader(), new Class<?>[] {Callbacks.class}, (_, method, _) -> {
                    throw new AssertionError(method);
                });
    }

    /** As a read of PostgreSQL whose connection is closed by an interrupt, and as a program that is deaf to it. */
    private boolean pass() {
        begun.countDown();
        boolean interrupted = false;
        while (true) {
            try {
                gate.await();
                return interrupted;
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
    }

    private JobStore store(String slow) {
        return around(JobStore.class, new InMemoryJobStore(), (method, inner) -> {
            boolean before = Thread.currentThread().isInterrupted();
            boolean within = method.getName().equals(slow) && pass();
            if (before || within) {
                hit.add(method.getName());
            }
            return inner.call();
        });
    }

    private StoredJob cancelled(JobStore store, JobHost host) throws InterruptedException {
        InstantSource clock = InstantSource.system();
        JobWork work = new JobWork(Works.by("acme", "u", "hello"), List.of(Optional.empty()), false, Optional.empty());
        try (JobQueue queue = new JobQueue(host, JobSettings.DEFAULT, clock);
                Submissions submissions = new Submissions(new Submissions.Parts(
                                queue, store, noCallbacks(), (_, _) -> work, JobSettings.DEFAULT, clock))
                        .start()) {
            String token = submissions
                    .hand(new Submissions.Handed(work, "{}", "digest", Optional.empty(), Optional.empty()))
                    .job()
                    .token();
            begun.await();
            submissions.cancel(ACME, token);
            gate.countDown();
            StoredJob job = submissions.await(ACME, token, Duration.ofSeconds(20));
            assertThat(hit).as("before what is still done is broken off").isEmpty();
            return job;
        }
    }

    @Test
    void aJobThatIsCancelledWhileItIsReadIsNotRun() throws Exception {
        FakeJobHost host = new FakeJobHost();
        assertThat(cancelled(store("request"), host).verdict()).isEqualTo("cancelled");
        assertThat(host.ran).isEmpty();
    }

    @Test
    void oneThatIsCancelledWhenItHasJustRunIsStored() throws Exception {
        JobHost host = around(JobHost.class, new FakeJobHost(), (method, inner) -> {
            Object answer = inner.call();
            if (method.getName().equals("run") && pass()) {
                Thread.currentThread().interrupt();
            }
            return answer;
        });
        assertThat(cancelled(store(""), host).ended()).isTrue();
    }
}

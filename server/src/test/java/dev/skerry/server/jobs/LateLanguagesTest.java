package dev.skerry.server.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.e2b.NewJob;
import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.settings.SandboxSettings;
import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.webhooks.Callbacks;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.LanguageRuntime;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server that has just started does not know yet what its templates have, as after an upgrade. */
@Timeout(30)
class LateLanguagesTest {
    private static final TenantId ACME = new TenantId("acme");
    private static final InstantSource CLOCK = InstantSource.system();
    private static final String PROGRAM = "{\"language\":\"python\",\"files\":[{\"content\":\"hello\"}]}";

    private final JobQueue queue = new JobQueue(new FakeJobHost(), JobSettings.DEFAULT, CLOCK);
    private final AtomicBoolean asking = new AtomicBoolean(true);
    private final NewJob form = new NewJob(new Late(), asking::get, SandboxSettings.DEFAULT);

    /** Python is in a template that has not answered yet. */
    private final class Late implements Jobs {
        @Override
        public List<LanguageRuntime> runtimes() {
            return asking.get() ? List.of(FakeJobHost.C) : queue.runtimes();
        }

        @Override
        public JobOutcome run(Submission submission, JobListener listener, Consumer<TrustPolicy.Decision> decided)
                throws InterruptedException {
            return queue.run(submission, listener, decided);
        }
    }

    private ErrorCode refusal(String request) {
        try {
            var _ = form.read(ACME, request);
            throw new AssertionError("it was read");
        } catch (Failure e) {
            return e.code();
        }
    }

    @Test
    void whoAsksTooEarlyIsToldToAskAgain() {
        assertThat(refusal(PROGRAM)).isEqualTo(ErrorCode.NO_CAPACITY);
        asking.set(false);
        assertThat(form.read(ACME, PROGRAM).submission().order().runtime()).isEqualTo(FakeJobHost.PYTHON);
        assertThat(refusal(PROGRAM.replace("python", "cobol"))).isEqualTo(ErrorCode.INVALID_REQUEST);
    }

    @Test
    void whatTheServerBeforeHasLeftWaitsForItsLanguage() throws Exception {
        CountDownLatch read = new CountDownLatch(1);
        JobStore inner = new InMemoryJobStore();
        JobStore store = WatchedJobStore.of((method, arguments) -> {
            if (method.getName().equals("unfinished") && read.getCount() == 0) {
                asking.set(false);
            }
            return WatchedJobStore.pass(inner, method, arguments);
        });
        assertThat(inner.insert(new JobStore.Fresh(
                        "token", ACME, Optional.empty(), "digest", PROGRAM, CLOCK.instant(), Optional.empty())))
                .isTrue();
        Submissions.Reader reader = (tenant, request) -> {
            read.countDown();
            return form.read(tenant, request);
        };
        var callbacks = (Callbacks) Proxy.newProxyInstance(
                Callbacks.class.getClassLoader(), new Class<?>[] {Callbacks.class}, (_, method, _) -> {
                    throw new AssertionError(method);
                });
        try (queue;
                Submissions server = new Submissions(
                                new Submissions.Parts(queue, store, callbacks, reader, JobSettings.DEFAULT, CLOCK),
                                Duration.ofMillis(100))
                        .start()) {
            assertThat(server.await(ACME, "token", Duration.ofSeconds(20)).verdict())
                    .isEqualTo("accepted");
        }
    }
}

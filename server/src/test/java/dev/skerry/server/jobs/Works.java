package dev.skerry.server.jobs;

import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobFile;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.StageLimits;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Jobs for tests. */
final class Works {
    static final StageLimits LIMITS = StageLimits.of(Duration.ofSeconds(5), Duration.ofSeconds(5), 1 << 20);

    private Works() {}

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static JobCase input(String stdin) {
        return new JobCase(Optional.of(bytes(stdin)), List.of(), LIMITS);
    }

    static JobCase talking(StageLimits limits, String... arguments) {
        return new JobCase(Optional.empty(), List.of(arguments), limits);
    }

    static JobOrder order(LanguageRuntime runtime, String program, JobCase... cases) {
        return new JobOrder(
                program,
                runtime,
                Isolation.CONTAINER,
                Limits.DEFAULT,
                List.of(new JobFile("main", bytes(program))),
                Map.of(),
                LIMITS,
                false,
                List.of(cases));
    }

    static Submission of(String tenant, String user, JobOrder order) {
        return new Submission(new TenantId(tenant), Optional.of(user), 0, Optional.empty(), Map.of(), order);
    }

    static Submission by(String tenant, String user, String program) {
        return of(tenant, user, order(FakeJobHost.PYTHON, program, input("")));
    }

    static Submission until(Submission submission, Instant finishBy) {
        return new Submission(
                submission.tenant(),
                submission.user(),
                submission.priority(),
                Optional.of(finishBy),
                submission.labels(),
                submission.order());
    }

    /** Each case expects what it is paired with, word by word. */
    static JobWork judged(JobOrder order, boolean stopEarly, String... expected) {
        return new JobWork(
                of("acme", "u", order),
                Arrays.stream(expected)
                        .map(text -> Optional.of(new Expectation(bytes(text), new Comparison.Token())))
                        .toList(),
                stopEarly,
                Optional.empty());
    }
}

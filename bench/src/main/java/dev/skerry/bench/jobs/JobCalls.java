package dev.skerry.bench.jobs;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobFile;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.StageLimits;
import dev.skerry.wire.jobs.StageOutcome;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** Orders of one program, each in a sandbox that is made for it. */
final class JobCalls {
    private static final StageLimits STAGE = StageLimits.of(Duration.ofSeconds(10), Duration.ofSeconds(10), 64 << 10);

    /** As bare processes, which have all cores. */
    private static final Limits LIMITS =
            Limits.DEFAULT.withCpuMillis(1000 * Runtime.getRuntime().availableProcessors());

    private final JobHost host;
    private final SmallProgram program;
    private final LanguageRuntime runtime;
    private final AtomicLong number = new AtomicLong();

    JobCalls(JobHost host, SmallProgram program) {
        this.host = host;
        this.program = program;
        this.runtime = host.runtimes().stream()
                .filter(each -> each.language().equals(program.language())
                        && each.template().equals("base"))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no " + program.language() + " on this machine"));
    }

    /** What one cost, and how much of that it waited for its sandbox. */
    record Call(double millis, double waitedMillis) {}

    SmallProgram program() {
        return program;
    }

    Call run() throws InterruptedException {
        JobOrder order = new JobOrder(
                "bench-" + number.incrementAndGet(),
                runtime,
                Isolation.CONTAINER,
                LIMITS,
                List.of(new JobFile(program.file(), program.code().getBytes(StandardCharsets.UTF_8))),
                Map.of(),
                STAGE,
                false,
                List.of(new JobCase(Optional.of(new byte[0]), List.of(), STAGE)));
        long begin = System.nanoTime();
        JobOutcome outcome = host.run(order, JobListener.NOBODY);
        double millis = (System.nanoTime() - begin) / 1e6;
        StageOutcome run = outcome.runs().isEmpty()
                ? outcome.compile().orElseThrow()
                : outcome.runs().getFirst();
        String printed = new String(run.stdout(), StandardCharsets.UTF_8);
        if (run.status() != StageOutcome.Status.OK || !printed.equals(program.prints() + "\n")) {
            throw new IllegalStateException(program.name() + " ended with " + run.status() + ": " + printed
                    + new String(run.stderr(), StandardCharsets.UTF_8));
        }
        return new Call(millis, outcome.waited().toNanos() / 1e6);
    }
}

package dev.skerry.bench.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.settings.SandboxSettings;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobFile;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.JobPlace.Warmth;
import dev.skerry.wire.jobs.StageLimits;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SimulatedJobsTest {
    private static final StageLimits STAGE = StageLimits.of(Duration.ofSeconds(1), Duration.ofSeconds(1), 1 << 10);

    private static JobOutcome run(SimulatedJobs jobs) throws InterruptedException {
        return jobs.run(
                new JobOrder(
                        "one",
                        jobs.runtimes().getFirst(),
                        Isolation.CONTAINER,
                        Limits.DEFAULT,
                        List.of(new JobFile("main.py", new byte[0])),
                        Map.of(),
                        STAGE,
                        true,
                        List.of(new JobCase(Optional.of(new byte[0]), List.of(), STAGE))),
                JobListener.NOBODY);
    }

    @Test
    void eachJobClaimsOfTheRealPoolsAndSaysWhetherItFoundOne() throws InterruptedException {
        try (SimulatedJobs jobs = new SimulatedJobs()) {
            jobs.plan(PoolsKept.A_THOUSAND.settings().plans(SandboxSettings.DEFAULT));
            while (jobs.pools().getFirst().ready() == 0) {
                boolean _ = new CountDownLatch(1).await(1, TimeUnit.MILLISECONDS);
            }
            assertThat(run(jobs).place().warmth()).isEqualTo(Warmth.WARM);
            assertThat(jobs.pools().getFirst().hits()).isEqualTo(1);
        }
    }

    @Test
    void ofDrainedPoolsEveryClaimIsAMiss() throws InterruptedException {
        try (SimulatedJobs jobs = new SimulatedJobs()) {
            jobs.plan(PoolsKept.DRAINED.settings().plans(SandboxSettings.DEFAULT));
            for (int i = 0; i < 20; i++) {
                assertThat(run(jobs).place().warmth()).isEqualTo(Warmth.COLD);
            }
            assertThat(jobs.pools()).allMatch(pool -> pool.ready() == 0 && pool.starting() == 0);
            assertThat(jobs.pools().getLast().misses()).isEqualTo(20);
        }
    }
}

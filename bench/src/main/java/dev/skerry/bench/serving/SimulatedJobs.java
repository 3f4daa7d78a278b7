package dev.skerry.bench.serving;

import dev.skerry.host.pools.Maker;
import dev.skerry.host.pools.Pools;
import dev.skerry.host.pools.Want;
import dev.skerry.host.pools.Work;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobListener.Phase;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.JobPlace;
import dev.skerry.wire.jobs.JobPlace.Warmth;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolState;
import dev.skerry.wire.jobs.StageOutcome;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Jobs whose sandboxes are numbers. The pools are those of a real host, each job claims a member of them or misses; the
 * driver, and the program that says hello, are not there.
 */
final class SimulatedJobs implements JobHost {
    private static final String DIGEST = "sha256:simulated";
    private static final byte[] HELLO = "hello\n".getBytes(StandardCharsets.UTF_8);

    private final Pools<Long> pools =
            new Pools<>(new Numbers(), Runtime.getRuntime().availableProcessors());

    /** Takes no time, and 1 KiB each. */
    private static final class Numbers implements Maker<Long> {
        private final AtomicLong last = new AtomicLong();

        @Override
        public Long make(PoolPlan plan) {
            return last.incrementAndGet();
        }

        @Override
        public boolean alive(Long member, Runnable meanwhile) {
            meanwhile.run();
            return true;
        }

        @Override
        public boolean current(Long member) {
            return true;
        }

        @Override
        public boolean fits(Long member, Want want) {
            return true;
        }

        @Override
        public long bytes(Long member) {
            return 1 << 10;
        }

        @Override
        public void close(Long member) {
            // There is nothing of it.
        }
    }

    @Override
    public void floors(Map<String, Isolation> ofTemplates) {}

    @Override
    public List<LanguageRuntime> runtimes() {
        return List.of(new LanguageRuntime("base", "python", "3.11.2", List.of("py"), Optional.empty(), false));
    }

    @Override
    public JobOutcome run(JobOrder order, JobListener listener) throws InterruptedException {
        long begin = System.nanoTime();
        try (Work _ = pools.work()) {
            Optional<Long> ready = pools.claim(new Want("base", DIGEST, Isolation.CONTAINER), _ -> {})
                    .map(Pools.Claim::member);
            JobPlace place = new JobPlace(
                    "simulated-" + ready.orElse(0L),
                    Isolation.CONTAINER,
                    "simulated",
                    "base",
                    DIGEST,
                    ready.isPresent() ? Warmth.WARM : Warmth.COLD);
            listener.placed(place);
            Duration waited = since(begin);
            listener.wrote(JobListener.Stream.STDOUT, HELLO);
            StageOutcome outcome = hello();
            boolean _ = listener.ended(Phase.RUN, 0, outcome);
            return new JobOutcome(place, Optional.empty(), List.of(outcome), waited, since(begin));
        }
    }

    private static Duration since(long begin) {
        return Duration.ofNanos(System.nanoTime() - begin);
    }

    private static StageOutcome hello() {
        return new StageOutcome(
                StageOutcome.Status.OK,
                OptionalInt.of(0),
                OptionalInt.empty(),
                Duration.ZERO,
                Duration.ZERO,
                0,
                HELLO,
                false,
                new byte[0],
                false);
    }

    @Override
    public void plan(List<PoolPlan> plans) {
        pools.plan(plans);
    }

    @Override
    public List<PoolState> pools() {
        return pools.states();
    }

    @Override
    public void close() {
        pools.close();
    }
}

package dev.skerry.host.pools;

import dev.skerry.host.disks.Disks;
import dev.skerry.host.engine.Engine;
import dev.skerry.host.jobs.Claimed;
import dev.skerry.host.jobs.ColdSupply;
import dev.skerry.host.jobs.JobSandbox;
import dev.skerry.host.jobs.JobSandboxes;
import dev.skerry.host.jobs.SandboxLimits;
import dev.skerry.host.jobs.SandboxSupply;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobPlace.Warmth;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolState;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives jobs sandboxes that wait in pools, and lets another supply make one where there is none. What was made before
 * its job came is bound to it when it is claimed: limits, times, and then by the job its files, environment and user.
 * Thread-safe.
 */
public final class PooledSupply implements SandboxSupply {
    private static final Logger LOG = LoggerFactory.getLogger(PooledSupply.class);
    private static final Duration LIFE = Duration.ofHours(1);

    private final Engine engine;
    private final SandboxSupply cold;
    private final Prestarter prestarter;
    private final InstantSource clock;
    private final UsualDisk disks = new UsualDisk();
    private final TemplateDigests digests;
    private final Pools<Member> pools;
    private final ReadySandboxes ready;

    /**
     * A job that finds none gets one that is made for it.
     *
     * @param storage of the sandboxes that wait for a server's clients
     */
    public PooledSupply(Engine engine, JobSandboxes sandboxes, Prestarter prestarter, Disks storage) {
        this(engine, sandboxes, new ColdSupply(sandboxes), prestarter, storage, InstantSource.system());
    }

    /** @param cold makes a sandbox for a job that finds none; closed with this */
    PooledSupply(
            Engine engine,
            JobSandboxes sandboxes,
            SandboxSupply cold,
            Prestarter prestarter,
            Disks storage,
            InstantSource clock) {
        this.engine = engine;
        this.cold = cold;
        this.prestarter = prestarter;
        this.clock = clock;
        this.digests = new TemplateDigests(engine, System::nanoTime);
        var forClients = new ReadyMaker(engine, storage, clock, System::nanoTime);
        this.pools = new Pools<>(
                new Makers(new JobMaker(engine, sandboxes, prestarter, disks, digests), forClients),
                Runtime.getRuntime().availableProcessors());
        this.ready = new ReadySandboxes(engine, forClients, pools, clock);
    }

    /** Those that wait for clients of a server; closed with this. */
    public ReadySandboxes ready() {
        return ready;
    }

    @Override
    public Claimed claim(JobOrder order) throws InterruptedException {
        Work work = pools.work();
        boolean claimed = false;
        try {
            Optional<Claimed> ready = ready(order);
            Claimed result = ready.isPresent() ? ready.get() : cold.claim(order);
            Thread.ofVirtual().name("job-" + order.id()).start(() -> await(result.sandbox(), work));
            claimed = true;
            return result;
        } finally {
            if (!claimed) {
                work.close();
            }
        }
    }

    /** A job is over when its sandbox is. */
    private static void await(JobSandbox sandbox, Work work) {
        try (work) {
            while (sandbox.awaitEnd(LIFE).isEmpty()) {
                LOG.atDebug().log("a job is still running");
            }
        } catch (Failure e) {
            LOG.atDebug().setCause(e).log("a job's sandbox is not ours any more");
        }
    }

    private Optional<Claimed> ready(JobOrder order) throws InterruptedException {
        String name = order.runtime().template();
        List<PoolPlan> plans = pools.plans(name, Optional.empty());
        if (plans.isEmpty()) {
            return Optional.empty();
        }
        Isolation level = engine.drivers().select(order.floor()).level();
        var want = new Want(name, digests.now(name), level, prestarter.suited(order, plans));
        if (!disks.asks(name, order.limits())) {
            pools.missed(want);
            return Optional.empty();
        }
        Binding binding = new Binding(SandboxLimits.first(order));
        return pools.claim(want, binding::bind).map(Pools.Claim::member).flatMap(binding::claimed);
    }

    /** Of a job to the last of the members that were to be it. */
    private final class Binding {
        private final Limits limits;
        private Optional<Failure> failure = Optional.empty();

        private Binding(Limits limits) {
            this.limits = limits;
        }

        private void bind(Member member) {
            long deadline = limits.wallTime()
                    .map(wall -> engine.bootMillis(clock.instant().plus(wall)))
                    .orElse(0L);
            try {
                member.sandbox().sandbox().bind(limits, deadline);
                failure = Optional.empty();
            } catch (Failure e) {
                failure = Optional.of(e);
            }
        }

        /** Empty, and closed, where it cannot be: it ended at this moment, or takes more memory than the job may. */
        private Optional<Claimed> claimed(Member member) {
            if (failure.isPresent()) {
                LOG.atWarn().setCause(failure.get()).log("a sandbox of a pool cannot be given to its job");
                Thread.ofVirtual().start(() -> member.sandbox().close());
                return Optional.empty();
            }
            Warmth warmth = member.waiting().isPresent() ? Warmth.PRESTARTED : Warmth.WARM;
            return Optional.of(new Claimed(member.sandbox(), warmth, member.waiting(), limits));
        }
    }

    @Override
    public void plan(List<PoolPlan> plans) {
        plans.forEach(disks::expect);
        pools.plan(plans);
    }

    @Override
    public List<PoolState> pools() {
        return pools.states();
    }

    @Override
    public void close() {
        try {
            ready.close();
        } finally {
            try {
                pools.close();
            } finally {
                cold.close();
            }
        }
    }
}

package dev.skerry.host.pools;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.Sandbox;
import dev.skerry.host.jobs.EngineSandbox;
import dev.skerry.host.jobs.JobSandboxes;
import dev.skerry.host.jobs.WaitingProgram;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.PoolPlan;
import java.time.Duration;
import java.util.Optional;

/**
 * Makes sandboxes for jobs that have not come yet, in the same way as for one that has ({@link JobSandboxes}). They end
 * with this process; should it die and none come after it, their shims end them when they are too old to be used.
 */
final class JobMaker implements Maker<Member> {
    /** Who does not answer for so long is taken for dead. */
    private static final Duration ANSWER_BOUND = Duration.ofSeconds(1);

    private static final Duration LIFE_MAX = Inventory.AGE_MAX.plusMinutes(5);

    private final Engine engine;
    private final JobSandboxes sandboxes;
    private final Prestarter prestarter;
    private final UsualDisk disks;
    private final TemplateDigests digests;

    JobMaker(Engine engine, JobSandboxes sandboxes, Prestarter prestarter, UsualDisk disks, TemplateDigests digests) {
        this.engine = engine;
        this.sandboxes = sandboxes;
        this.prestarter = prestarter;
        this.disks = disks;
        this.digests = digests;
    }

    /** The very first use of {@code base}, and the first after packages have changed, makes it, which takes seconds. */
    @Override
    public void prepare(PoolPlan plan) {
        digests.lately(plan.template());
    }

    @Override
    public Member make(PoolPlan plan) throws InterruptedException {
        Plans.requireLevel(engine, plan);
        Limits limits = disks.limits(plan.template(), Limits.DEFAULT)
                .withMemoryBytes(plan.sandboxBytes())
                .withWallTime(LIFE_MAX);
        EngineSandbox sandbox = sandboxes.make(plan.template(), plan.isolation(), limits);
        boolean good = false;
        try {
            Optional<WaitingProgram> waiting =
                    plan.prestart().isPresent() ? Optional.of(prestarter.begin(sandbox, plan)) : Optional.empty();
            var member = new Member(sandbox, plan, sandbox.place().templateDigest(), limits, waiting);
            good = true;
            return member;
        } finally {
            if (!good) {
                sandbox.close();
            }
        }
    }

    @Override
    public boolean alive(Member member, Runnable meanwhile) throws InterruptedException {
        return answers(member.sandbox().sandbox(), meanwhile);
    }

    /** Whether one runs, is not frozen, and its process 1 answers. */
    static boolean answers(Sandbox sandbox, Runnable meanwhile) throws InterruptedException {
        try {
            if (sandbox.awaitEnd(Duration.ZERO).isPresent() || sandbox.paused()) {
                return false;
            }
            sandbox.guest().ping(ANSWER_BOUND, meanwhile);
            return true;
        } catch (Failure e) {
            // It ended, somebody took it over, or process 1 is not what it was.
            return false;
        }
    }

    @Override
    public boolean current(Member member) {
        String template = member.plan().template();
        try {
            return digests.lately(template).equals(member.digest())
                    && disks.isUsual(template, member.limits())
                    && member.waiting()
                            .map(waiting -> prestarter.current(waiting, member.plan()))
                            .orElse(true);
        } catch (Failure e) {
            if (e.code() == ErrorCode.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public boolean fits(Member member, Want want) {
        return member.digest().equals(want.digest())
                && disks.isUsual(member.plan().template(), member.limits());
    }

    @Override
    public long bytes(Member member) {
        return member.sandbox().usage().memoryBytes();
    }

    @Override
    public void close(Member member) {
        member.sandbox().close();
    }
}

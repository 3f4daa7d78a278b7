package dev.skerry.host.pools;

import dev.skerry.host.jobs.EngineSandbox;
import dev.skerry.host.jobs.WaitingProgram;
import dev.skerry.host.jobs.prestart.Prestarts;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.PoolPlan;
import java.util.List;
import java.util.Set;

/** Starts interpreters in sandboxes that wait, and says which jobs they can run. Thread-safe. */
public interface Prestarter {
    /** Those that there are. */
    static Prestarter interpreters() {
        var prestarts = new Prestarts();
        return new Prestarter() {
            @Override
            public Set<PoolPlan> suited(JobOrder order, List<PoolPlan> plans) {
                return prestarts.suited(order, plans);
            }

            @Override
            public WaitingProgram begin(EngineSandbox sandbox, PoolPlan plan) throws InterruptedException {
                return prestarts.begin(sandbox, plan);
            }

            @Override
            public boolean current(WaitingProgram waiting, PoolPlan plan) {
                return prestarts.current(waiting, plan);
            }
        };
    }

    /** Whether it still waits for what jobs are like. */
    default boolean current(WaitingProgram waiting, PoolPlan plan) {
        return true;
    }

    /**
     * Those of the plans from which the job cannot tell that its interpreter was started before it came. Reads the
     * program.
     */
    Set<PoolPlan> suited(JobOrder order, List<PoolPlan> plans);

    /**
     * Starts the interpreter of the plan and waits until it waits.
     *
     * @throws Failure {@code UNSUPPORTED} for a language whose interpreter cannot
     */
    WaitingProgram begin(EngineSandbox sandbox, PoolPlan plan) throws InterruptedException;
}

package dev.skerry.host.jobs.prestart;

import dev.skerry.host.jobs.EngineSandbox;
import dev.skerry.host.jobs.Language;
import dev.skerry.host.jobs.WaitingProgram;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.PoolPlan;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Interpreters that wait in the sandboxes of pools. An interpreter must know the name of its program and its
 * environment when it starts: those that wait have what most jobs of their template and language had lately.
 * Thread-safe.
 */
public final class Prestarts {
    private final Fashions fashions = new Fashions();

    /**
     * Starts the interpreter of the plan in a sandbox of its pool and waits until it waits.
     *
     * @throws Failure {@code UNSUPPORTED} for a language whose interpreter cannot, or that the template lacks
     */
    public WaitingProgram begin(EngineSandbox sandbox, PoolPlan plan) throws InterruptedException {
        String name = plan.prestart().orElse("");
        Prestart prestart = Prestart.of(Language.named(name))
                .orElseThrow(() -> new Failure(
                        ErrorCode.UNSUPPORTED,
                        "no interpreter of '" + name + "' can be started before its job",
                        "plan the pool without prestart"));
        return prestart.begin(sandbox, usual(prestart, plan));
    }

    private Fashion usual(Prestart prestart, PoolPlan plan) {
        return fashions.usual(kind(plan)).orElseGet(prestart::first);
    }

    private static String kind(PoolPlan plan) {
        return plan.template() + " " + plan.prestart().orElse("");
    }

    /** Whether it waits for what most jobs are like now. */
    public boolean current(WaitingProgram waiting, PoolPlan plan) {
        return waiting instanceof Waiting known
                && Prestart.of(Language.named(plan.prestart().orElse("")))
                        .map(prestart -> known.fashion().equals(usual(prestart, plan)))
                        .orElse(false);
    }

    /** Those of the plans whose interpreter the job cannot tell from its own. Its program is read once at most. */
    public Set<PoolPlan> suited(JobOrder order, List<PoolPlan> plans) {
        var program = new AskedProgram(order);
        return plans.stream().filter(plan -> refusal(program, plan).isEmpty()).collect(Collectors.toUnmodifiableSet());
    }

    /** Why a job needs another sandbox than one of this pool's; empty where it cannot tell the difference. */
    Optional<String> refusal(JobOrder order, PoolPlan plan) {
        return refusal(new AskedProgram(order), plan);
    }

    private Optional<String> refusal(AskedProgram program, PoolPlan plan) {
        JobOrder order = program.order();
        String name = plan.prestart().orElse("");
        if (!order.runtime().language().equals(name)) {
            return Optional.of("it is not for " + name);
        }
        Optional<Prestart> prestart = Prestart.of(Language.named(name));
        if (prestart.isEmpty()) {
            return Optional.of("no interpreter of " + name + " can wait");
        }
        return prestart.get()
                .refusal(program)
                .or(() -> ofMemory(prestart.get(), order, plan))
                .or(() -> ofFashion(prestart.get(), program, plan));
    }

    private Optional<String> ofFashion(Prestart prestart, AskedProgram program, PoolPlan plan) {
        Fashion fashion = program.fashion(prestart);
        fashions.see(kind(plan), fashion);
        Fashion usual = usual(prestart, plan);
        return fashion.equals(usual)
                ? Optional.empty()
                : Optional.of("its program is called " + fashion.program() + ", and those that wait are for "
                        + usual.program());
    }

    /** A container shows the memory of the whole machine, whatever it may use itself; the others show their own. */
    private static Optional<String> ofMemory(Prestart prestart, JobOrder order, PoolPlan plan) {
        long memory = order.cases()
                .getFirst()
                .limits()
                .memoryBytes()
                .orElse(order.limits().memoryBytes());
        return plan.isolation() != Isolation.CONTAINER && prestart.asksForMemory() && memory != plan.sandboxBytes()
                ? Optional.of("its interpreter would have found " + memory + " bytes of memory")
                : Optional.empty();
    }
}

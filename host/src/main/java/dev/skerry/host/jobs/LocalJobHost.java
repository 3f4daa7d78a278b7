package dev.skerry.host.jobs;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.templates.Template;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.JobFile;
import dev.skerry.wire.jobs.JobFiles;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.JobPlace;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Jobs on this machine. Each has a sandbox that nobody used before; it is removed after the answer, on another thread.
 * Limits are exact to the millisecond on wall clock (by process 1 of the sandbox) and CPU time (by its cgroup: a
 * program whose stage used more has exceeded it, however it ended). A limit on memory below 16 MiB counts as 16 MiB.
 * Thread-safe.
 */
public final class LocalJobHost implements JobHost {
    private final SandboxSupply supply;
    private final Runtimes runtimes;
    private final Disposal disposal = new Disposal();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition idle = lock.newCondition();
    private final List<OrderRun> running = new ArrayList<>();
    private final Map<String, Integer> templates = new HashMap<>();
    private Set<String> going = Set.of();
    /** Of each name and digest the removal, by its number, that it last met. */
    private final Map<String, Long> gone = new HashMap<>();

    private long removals;
    private int underWay;
    private boolean closed;

    /** @param supply is closed with this */
    public LocalJobHost(Engine engine, JobSandboxes sandboxes, SandboxSupply supply) {
        this(new Runtimes(engine, sandboxes), supply);
    }

    LocalJobHost(Runtimes runtimes, SandboxSupply supply) {
        this.runtimes = runtimes;
        this.supply = supply;
    }

    @Override
    public void floors(Map<String, Isolation> ofTemplates) {
        runtimes.floors(ofTemplates);
    }

    /** Waits until it is known which languages a template has that was brought now. */
    public void learn(Template template) {
        runtimes.learn(template);
    }

    @Override
    public List<LanguageRuntime> runtimes() {
        return runtimes.all().stream().map(Runtimes.Found::runtime).toList();
    }

    @Override
    public boolean asking() {
        return runtimes.asking();
    }

    @Override
    public JobOutcome run(JobOrder order, JobListener listener) throws InterruptedException {
        long begin = System.nanoTime();
        List<JobFile> files = JobFiles.checked(order.files());
        String template = order.runtime().template();
        long entered = enter(template);
        Optional<String> digest = Optional.empty();
        try {
            Runtimes.Found found = runtimes.find(order.runtime());
            Recipe recipe = Recipe.of(found.language(), found.toolchain(), files);
            Claimed claimed = supply.claim(order);
            try {
                Duration waited = since(begin);
                Told told = new Told(listener);
                JobPlace place = place(claimed);
                // Its name may become another's meanwhile, and it be removed by another name.
                uses(place.templateDigest(), entered);
                digest = Optional.of(place.templateDigest());
                told.placed(place);
                var run = new OrderRun(order, recipe, claimed, told);
                OrderRun.Stages stages = carryOut(run);
                JobPlace reached = run.startedAnew() ? place.with(JobPlace.Warmth.WARM) : place;
                return new JobOutcome(reached, stages.compile(), stages.runs(), waited, since(begin));
            } finally {
                disposal.dispose(claimed.sandbox());
            }
        } finally {
            leave(template, digest);
        }
    }

    private OrderRun.Stages carryOut(OrderRun run) throws InterruptedException {
        lock.lock();
        try {
            checkOpen();
            running.add(run);
        } finally {
            lock.unlock();
        }
        try {
            return run.run();
        } finally {
            forget(run);
        }
    }

    private void forget(OrderRun run) {
        lock.lock();
        try {
            running.remove(run);
        } finally {
            lock.unlock();
        }
    }

    private static Duration since(long begin) {
        return Duration.ofNanos(System.nanoTime() - begin);
    }

    private static JobPlace place(Claimed claimed) {
        JobResult.Place place = claimed.sandbox().place();
        return new JobPlace(
                place.sandbox(),
                place.isolation(),
                place.driver(),
                place.template(),
                place.templateDigest(),
                claimed.warmth());
    }

    @Override
    public void plan(List<PoolPlan> plans) {
        supply.plan(plans);
    }

    @Override
    public List<PoolState> pools() {
        return supply.pools();
    }

    /**
     * Carries out what ends templates, unless a job runs in one of them; one that comes meanwhile does not find it.
     *
     * @param names names or digests, which lead to nothing from then on, or to something else
     * @return whether it was carried out
     */
    public boolean whileNoneUses(Set<String> names, Runnable removal) {
        lock.lock();
        try {
            if (!going.isEmpty() || names.stream().anyMatch(templates::containsKey)) {
                return false;
            }
            going = names;
            removals++;
            names.forEach(name -> gone.put(name, removals));
        } finally {
            lock.unlock();
        }
        try {
            removal.run();
            runtimes.forget(names);
            return true;
        } finally {
            lock.lock();
            try {
                going = Set.of();
            } finally {
                lock.unlock();
            }
        }
    }

    /** @return how many removals of templates had begun by then */
    private long enter(String template) {
        lock.lock();
        try {
            checkOpen();
            uses(template, removals);
            underWay++;
            return removals;
        } finally {
            lock.unlock();
        }
    }

    /** @param since so many removals had begun before it was known that this one is used */
    private void uses(String template, long since) {
        lock.lock();
        try {
            if (going.contains(template) || gone.getOrDefault(template, 0L) > since) {
                throw new Failure(
                        ErrorCode.NOT_FOUND,
                        "template '" + template + "' is being removed",
                        "ask for the runtimes again");
            }
            templates.merge(template, 1, Integer::sum);
        } finally {
            lock.unlock();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new Failure(
                    ErrorCode.HOST_UNREACHABLE, "this server has let go of the host", "try again in a moment");
        }
    }

    private void leave(String template, Optional<String> digest) {
        lock.lock();
        try {
            usesNoMore(template);
            digest.ifPresent(this::usesNoMore);
            underWay--;
            idle.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void usesNoMore(String template) {
        templates.computeIfPresent(template, (_, had) -> had == 1 ? null : had - 1);
    }

    /** Returns once nothing of any job is left. */
    @Override
    public void close() {
        List<OrderRun> ending;
        lock.lock();
        try {
            closed = true;
            ending = List.copyOf(running);
        } finally {
            lock.unlock();
        }
        ending.forEach(OrderRun::cancel);
        lock.lock();
        try {
            while (underWay > 0) {
                idle.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
        try (runtimes;
                disposal) {
            supply.close();
        }
    }
}

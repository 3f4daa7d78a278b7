package dev.skerry.server.jobs;

import dev.skerry.server.jobs.FairOrder.Claim;
import dev.skerry.server.jobs.FairOrder.Place;
import dev.skerry.server.jobs.Refusals.Reason;
import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.LanguageRuntime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Jobs wait here for their turn, and run on the thread that waited. What is shared is behind one lock; nothing that
 * takes time is done with it held. Thread-safe.
 */
public final class JobQueue implements Jobs, AutoCloseable {

    private final JobHost host;
    private final JobSettings settings;
    private final InstantSource clock;
    private final Function<TenantId, OptionalLong> quotas;
    private final Instant epoch;
    private final int slots;
    private final Refusals refusals = new Refusals();
    private final ReentrantLock lock = new ReentrantLock();
    private final FairOrder<Ticket> order;
    private final Shares shares;
    private final ServiceTimes times = new ServiceTimes();
    private boolean closed;
    private volatile Consumer<Duration> waits = _ -> {};
    private volatile BiConsumer<TrustPolicy.Decision, Isolation> levels = (_, _) -> {};

    public JobQueue(JobHost host, JobSettings settings, InstantSource clock) {
        this(host, settings, clock, _ -> OptionalLong.empty());
    }

    /** @param quotas how many jobs of a tenant may run at a time */
    public JobQueue(JobHost host, JobSettings settings, InstantSource clock, Function<TenantId, OptionalLong> quotas) {
        this.host = host;
        this.settings = settings;
        this.clock = clock;
        this.quotas = quotas;
        this.epoch = clock.instant();
        this.slots = settings.slots();
        this.order = new FairOrder<>(slots, settings::weight);
        this.shares = new Shares(slots);
        host.floors(settings.trust().ofTemplates());
    }

    @Override
    public List<LanguageRuntime> runtimes() {
        return host.runtimes().stream().filter(LanguagePackage::offers).toList();
    }

    @Override
    public JobOutcome run(Submission submission, JobListener listener, Consumer<TrustPolicy.Decision> decided)
            throws InterruptedException {
        try (Turn turn = take(submission, 1)) {
            return turn.run(submission.order(), listener, decided);
        }
    }

    /**
     * Waits for its turn.
     *
     * @param parts programs that it runs at the same time
     */
    Turn take(Submission submission, int parts) throws InterruptedException {
        CountDownLatch turn = new CountDownLatch(1);
        Ticket ticket = enter(submission, parts, turn::countDown);
        try {
            if (submission.finishBy().isEmpty()) {
                turn.await();
            } else {
                Duration most =
                        Duration.between(clock.instant(), submission.finishBy().get());
                boolean _ = turn.await(Math.max(0, most.toNanos()), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            leave(ticket);
            throw e;
        }
        return begun(ticket);
    }

    /**
     * Gives it a place.
     *
     * @param begin called once when its turn has come; whoever is called calls {@link #begun} or {@link #leave}
     * @throws Failure {@code LIMIT_EXCEEDED} when there is none, or it could not be done in time
     */
    Ticket enter(Submission submission, int parts, Runnable begin) {
        return enter(submission, parts, begin, true);
    }

    /** The same for one that had a place in the queue of the server before this one: that is kept. */
    Ticket enterAgain(Submission submission, int parts, Runnable begin) {
        return enter(submission, parts, begin, false);
    }

    private TrustPolicy.Decision trust(Submission submission, JobOrder order) {
        return settings.trust()
                .decide(submission.tenant(), order.runtime().template(), submission.labels(), order.floor());
    }

    private Ticket enter(Submission submission, int parts, Runnable begin, boolean bounded) {
        JobOrder wanted = submission.order();
        TrustPolicy.Decision trust = trust(submission, wanted);
        OptionalLong quota = quotas.apply(submission.tenant());
        if (quota.orElse(1) <= 0 && bounded) {
            throw refusals.refused(
                    Reason.QUOTA, "tenant " + submission.tenant() + " may run no jobs", Refusals.RETRY_MAX);
        }
        Instant now = clock.instant();
        Ticket ticket = new Ticket(submission, trust, now, begin);
        lock.lock();
        try {
            requireOpen();
            if (bounded) {
                requirePlace(submission, now);
            }
            Claim claim = new Claim(
                    submission.tenant().text(),
                    submission.user().orElse(""),
                    submission.priority(),
                    Math.max(1e-3, times.expected(wanted) * parts));
            shares.comes(claim.tenant(), nanos(now));
            order.share(shares.most(nanos(now)));
            ticket.placed(order.offer(ticket, claim, cap(submission.tenant(), quota), nanos(now)));
        } finally {
            lock.unlock();
        }
        dispatch();
        return ticket;
    }

    /** Who has a quota or a weight has been thought of. */
    private int cap(TenantId tenant, OptionalLong quota) {
        if (quota.isPresent()) {
            return (int) Math.min(quota.getAsLong(), slots);
        }
        return settings.weights().containsKey(tenant) ? slots : FairOrder.SHARE;
    }

    /** @throws Failure as {@link #enter} */
    void requirePlace(Submission submission) {
        lock.lock();
        try {
            requireOpen();
            requirePlace(submission, clock.instant());
        } finally {
            lock.unlock();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new Failure(ErrorCode.NO_CAPACITY, "the server is being stopped", "try again in a moment");
        }
    }

    private void requirePlace(Submission submission, Instant now) {
        String tenant = submission.tenant().text();
        int ahead = order.ahead(tenant, submission.user().orElse(""), submission.priority(), nanos(now));
        Duration wait = wait(ahead);
        if (order.waiting() >= settings.queued()) {
            throw refusals.refused(
                    Reason.QUEUE_FULL,
                    order.waiting() + " jobs wait already, which is all that may; " + before(ahead, wait),
                    wait);
        }
        if (order.waiting(tenant) >= settings.queuedOfTenant()) {
            throw refusals.refused(
                    Reason.TENANT_FULL,
                    order.waiting(tenant) + " jobs of tenant " + tenant + " wait already, which is all that may; "
                            + before(ahead, wait),
                    wait);
        }
        if (submission.finishBy().isPresent()) {
            requireTime(submission, now, wait, "; " + before(ahead, wait));
        }
    }

    private static String before(int ahead, Duration wait) {
        return "it would have place " + (ahead + 1) + ", and wait for about " + Refusals.tenths(wait) + " s";
    }

    /** What was not measured yet is let try. */
    private void requireTime(Submission submission, Instant now, Duration wait, String why) {
        Optional<Instant> finishBy = submission.finishBy();
        Duration work = times.measured(submission.order()).orElse(Duration.ZERO);
        if (finishBy.isPresent() && now.plus(wait).plus(work).isAfter(finishBy.get())) {
            LanguageRuntime runtime = submission.order().runtime();
            throw refusals.refused(
                    Reason.DEADLINE,
                    "it cannot be done in the " + Refusals.tenths(Duration.between(now, finishBy.get()))
                            + " s that it has: such "
                            + "a job of " + runtime.language() + " " + runtime.version() + " takes about "
                            + Refusals.tenths(work) + " s" + why,
                    wait);
        }
    }

    /** Until it is the turn of one with so many before it. */
    private Duration wait(int ahead) {
        boolean free = order.running() < slots && ahead == 0;
        double seconds = free ? 0 : (ahead + order.running() / 2.0) * times.mean() / slots;
        return Duration.ofNanos((long) (seconds * 1e9));
    }

    private long nanos(Instant time) {
        return Duration.between(epoch, time).toNanos();
    }

    private void dispatch() {
        List<Ticket> begun = new ArrayList<>();
        Instant now = clock.instant();
        lock.lock();
        try {
            order.share(shares.most(nanos(now)));
            Optional<Place<Ticket>> next = closed ? Optional.empty() : order.next(nanos(now));
            while (next.isPresent()) {
                begun.add(next.get().job());
                next = order.next(nanos(now));
            }
        } finally {
            lock.unlock();
        }
        begun.forEach(Ticket::begin);
    }

    /**
     * After its turn has come, or its time has run out.
     *
     * @throws Failure {@code LIMIT_EXCEEDED} when it cannot be done in time any more; it has left then
     */
    Turn begun(Ticket ticket) {
        Instant now = clock.instant();
        Duration waited = Duration.between(ticket.came(), now);
        try {
            requireTurn(ticket, now, waited);
        } catch (Failure e) {
            dispatch();
            throw e;
        }
        waits.accept(waited);
        long began = System.nanoTime();
        return new Turn(
                host,
                ticket.trust(),
                order -> trust(ticket.submission(), order),
                waited,
                this::ran,
                (ran, took) -> end(ticket, ran ? took : Duration.ofNanos(System.nanoTime() - began)));
    }

    private void requireTurn(Ticket ticket, Instant now, Duration waited) {
        lock.lock();
        try {
            boolean waiting = order.remove(ticket.place());
            try {
                requireOpen();
                if (waiting) {
                    throw refusals.refused(
                            Reason.DEADLINE,
                            "its time was over before its turn came, after " + Refusals.tenths(waited) + " s",
                            wait(order.waiting()));
                }
                requireTime(
                        ticket.submission(),
                        now,
                        Duration.ZERO,
                        ", and it has waited for " + Refusals.tenths(waited) + " s");
            } catch (Failure e) {
                if (!waiting) {
                    order.ended(ticket.place(), 0);
                }
                throw e;
            }
        } finally {
            lock.unlock();
        }
    }

    private void ran(JobOrder wanted, TrustPolicy.Decision trust, JobOutcome outcome) {
        levels.accept(trust, outcome.place().isolation());
        lock.lock();
        try {
            times.ran(wanted.runtime(), outcome);
        } finally {
            lock.unlock();
        }
    }

    private void end(Ticket ticket, Duration took) {
        lock.lock();
        try {
            order.ended(ticket.place(), ServiceTimes.seconds(took));
        } finally {
            lock.unlock();
        }
        dispatch();
    }

    /** Gives its place up, or its turn if that has come. Not after {@link #begun}. */
    void leave(Ticket ticket) {
        lock.lock();
        try {
            if (!order.remove(ticket.place())) {
                order.ended(ticket.place(), 0);
            }
        } finally {
            lock.unlock();
        }
        dispatch();
    }

    /** Whether it was still waiting; it is not any more. */
    boolean withdraw(Ticket ticket) {
        lock.lock();
        try {
            return order.remove(ticket.place());
        } finally {
            lock.unlock();
        }
    }

    public int waiting() {
        lock.lock();
        try {
            return order.waiting();
        } finally {
            lock.unlock();
        }
    }

    public int running() {
        lock.lock();
        try {
            return order.running();
        } finally {
            lock.unlock();
        }
    }

    /** So many may run at a time. */
    public int slots() {
        return slots;
    }

    public Refusals refusals() {
        return refusals;
    }

    /** Is told how long each job waited. */
    public void observeWaits(Consumer<Duration> observer) {
        waits = observer;
    }

    /** Is told by which rule each program was walled off, and how strongly. */
    public void observeLevels(BiConsumer<TrustPolicy.Decision, Isolation> observer) {
        levels = observer;
    }

    /** Takes nothing more, and sends away what waits; what runs is its caller's to end. */
    @Override
    public void close() {
        List<Ticket> left = new ArrayList<>();
        lock.lock();
        try {
            closed = true;
            // They leave the order themselves, when they find that it is closed.
            order.waitingJobs().forEach(place -> left.add(place.job()));
        } finally {
            lock.unlock();
        }
        left.forEach(Ticket::begin);
    }
}

package dev.skerry.server.leases;

import dev.skerry.server.leases.LeaseTable.Candidate;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Wants one lease for as long as it is open: takes it when it is free, renews it, does the duty meanwhile, and ends
 * that as soon as the term is over, whether or not the table answers. Thread-safe.
 */
public final class LeaseKeeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);

    private final LeaseTable table;
    private final String id;
    private final Candidate candidate;
    private final Timing timing;
    private final Duty duty;
    private final Thread thread;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final CountDownLatch tried = new CountDownLatch(1);
    private volatile Optional<Term> current = Optional.empty();

    /**
     * How long things take.
     *
     * @param ttl of a lease from its last renewal
     * @param margin how long before that its holder stops
     * @param renewal between two renewals
     * @param retry between two tries to take it, or to renew it when the table did not answer
     */
    public record Timing(Duration ttl, Duration margin, Duration renewal, Duration retry) {
        public static final Timing DEFAULT = new Timing(
                Duration.ofSeconds(3), Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofMillis(250));
    }

    public LeaseKeeper(LeaseTable table, String id, Candidate candidate, Timing timing, Duty duty) {
        this.table = table;
        this.id = id;
        this.candidate = candidate;
        this.timing = timing;
        this.duty = duty;
        this.thread = Thread.ofVirtual().name("lease-" + id).unstarted(this::run);
    }

    public LeaseKeeper start() {
        thread.start();
        return this;
    }

    /** Waits until it was once tried to take the lease, and what follows from that was begun. */
    public boolean awaitFirst(Duration bound) throws InterruptedException {
        return tried.await(bound.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** The term, while there is one. */
    public Optional<Term> term() {
        return current.filter(Term::holds);
    }

    private void run() {
        try {
            do {
                long asked = System.nanoTime();
                Optional<Lease> lease = acquire();
                if (lease.isPresent()) {
                    serve(new Term(lease.get(), endOf(asked), System::nanoTime));
                }
                tried.countDown();
            } while (!pause(timing.retry()));
        } catch (InterruptedException e) {
            LOG.debug("nobody wants {} any more", id, e);
        }
    }

    private boolean pause(Duration pause) throws InterruptedException {
        return closing.await(pause.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** @param asked before the table was: whatever it answered, it did so later */
    private long endOf(long asked) {
        return asked + timing.ttl().minus(timing.margin()).toNanos();
    }

    private Optional<Lease> acquire() {
        try {
            return table.acquire(id, candidate, timing.ttl());
        } catch (RuntimeException e) {
            LOG.atWarn().addKeyValue("lease", id).setCause(e).log("the lease cannot be asked for");
            return Optional.empty();
        }
    }

    private void serve(Term term) throws InterruptedException {
        LOG.atInfo()
                .addKeyValue("lease", id)
                .addKeyValue("fence", term.lease().fence())
                .log("has the lease");
        current = Optional.of(term);
        Thread renewing = Thread.ofVirtual().name("renewal-" + id).start(() -> renew(term));
        Work work = new Work(term);
        Thread working = Thread.ofVirtual().name("duty-" + id).start(work);
        try {
            Thread closer = Thread.ofVirtual().name("closing-" + id).start(() -> endWhenClosed(term));
            term.awaitEnd();
            closer.interrupt();
        } finally {
            current = Optional.empty();
            term.end();
            work.interruptBeginning(working);
            // Until it has ended, nobody may take it up again in this process.
            working.join();
            renewing.interrupt();
            renewing.join();
        }
        LOG.atInfo()
                .addKeyValue("lease", id)
                .addKeyValue("fence", term.lease().fence())
                .log("has the lease no more");
        release(term.lease());
    }

    private void endWhenClosed(Term term) {
        try {
            closing.await();
            term.end();
        } catch (InterruptedException e) {
            LOG.trace("the term is over", e);
        }
    }

    /** The duty for one term. */
    private final class Work implements Runnable {
        private final Term term;
        private final ReentrantLock lock = new ReentrantLock();
        private boolean beginning = true;

        Work(Term term) {
            this.term = term;
        }

        @Override
        public void run() {
            try (AutoCloseable _ = begun()) {
                tried.countDown();
                term.awaitEnd();
            } catch (InterruptedException e) {
                LOG.debug("the term of {} ended", id, e);
            } catch (Exception e) {
                boolean interrupted = !term.holds();
                LOG.atLevel(interrupted ? Level.INFO : Level.ERROR)
                        .addKeyValue("lease", id)
                        .setCause(e)
                        .log(
                                interrupted
                                        ? "the term ended before what the lease is for was begun"
                                        : "what the lease is for cannot be done here");
            } finally {
                term.end();
            }
        }

        private AutoCloseable begun() throws InterruptedException {
            AutoCloseable part = duty.begin(term);
            lock.lock();
            try {
                beginning = false;
                // What ends is to end in order.
                boolean late = Thread.interrupted();
                LOG.trace("the term ended while its duty was begun: {}", late);
                return part;
            } finally {
                lock.unlock();
            }
        }

        void interruptBeginning(Thread thread) {
            lock.lock();
            try {
                if (beginning) {
                    thread.interrupt();
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private void renew(Term term) {
        try {
            boolean answered = true;
            while (!pause(answered ? timing.renewal() : timing.retry()) && term.holds()) {
                long asked = System.nanoTime();
                answered = false;
                try {
                    if (!table.renew(term.lease(), timing.ttl())) {
                        LOG.atWarn().addKeyValue("lease", id).log("the lease was lost");
                        term.end();
                        return;
                    }
                    answered = true;
                    term.extend(endOf(asked));
                } catch (RuntimeException e) {
                    LOG.atWarn().addKeyValue("lease", id).setCause(e).log("the lease could not be renewed");
                }
            }
        } catch (InterruptedException e) {
            LOG.trace("nothing to renew any more", e);
        }
    }

    /** So that the next one need not wait. */
    private void release(Lease lease) {
        try {
            table.release(lease);
        } catch (RuntimeException e) {
            LOG.atDebug().addKeyValue("lease", id).setCause(e).log("the lease expires by itself");
        }
    }

    /** Ends the duty, and gives the lease up. */
    @Override
    public void close() {
        closing.countDown();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

package dev.skerry.server.sandboxes;

import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.hosts.HostListener;
import dev.skerry.wire.hosts.Incarnation;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Drives an engine: one thread waits for alarms, one looks at the host, often after it reported something. */
final class Reconciler implements HostListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Reconciler.class);

    /** Between two looks when nothing was reported. */
    private static final Duration CALM = Duration.ofSeconds(5);

    /** While something has to be seen a second time. */
    private static final Duration SUSPICIOUS = Duration.ofMillis(300);

    private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);
    private static final Duration PRUNE_EVERY = Duration.ofHours(1);
    private static final Duration JOIN = Duration.ofSeconds(5);

    /** How long one that has ended and its history are kept. */
    private static final Duration KEEP = Duration.ofDays(7);

    private final SandboxEngine engine;
    private final InstantSource clock;
    private final Semaphore reports = new Semaphore(0);
    private final Thread ringing;
    private final Thread looking;

    Reconciler(SandboxEngine engine, InstantSource clock) {
        this.engine = engine;
        this.clock = clock;
        this.ringing = Thread.ofVirtual().name("sandbox-alarms").unstarted(this::ring);
        this.looking = Thread.ofVirtual().name("sandbox-drift").unstarted(this::look);
    }

    void start() {
        ringing.start();
        looking.start();
    }

    /** Looks at the host soon. */
    void report() {
        reports.release();
    }

    @Override
    public void ended(Incarnation incarnation, SandboxEnd end) {
        report();
    }

    @Override
    public void frozen(Incarnation incarnation) {
        report();
    }

    private void ring() {
        try {
            while (true) {
                engine.ring(engine.alarms().awaitDue(clock));
            }
        } catch (InterruptedException | RejectedExecutionException e) {
            LOG.debug("no alarms any more", e);
        }
    }

    private void look() {
        long pruned = System.nanoTime();
        Duration pause = SUSPICIOUS;
        try {
            while (true) {
                boolean reported = reports.tryAcquire(pause.toNanos(), TimeUnit.NANOSECONDS);
                int more = reports.drainPermits();
                LOG.trace("looking at the host, reported: {} {}", reported, more);
                pause = lookOnce();
                if (System.nanoTime() - pruned > PRUNE_EVERY.toNanos()) {
                    pruned = System.nanoTime();
                    prune();
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("nobody looks at the host any more", e);
        }
    }

    private Duration lookOnce() {
        try {
            return engine.compareWithHost() ? SUSPICIOUS : CALM;
        } catch (RuntimeException e) {
            LOG.warn("the host could not be compared with what is stored", e);
            return AFTER_FAILURE;
        }
    }

    private void prune() {
        try {
            LOG.debug("{} sandboxes that ended long ago are forgotten", engine.prune(KEEP));
        } catch (RuntimeException e) {
            LOG.warn("sandboxes that ended long ago could not be forgotten", e);
        }
    }

    @Override
    public void close() {
        ringing.interrupt();
        looking.interrupt();
        try {
            if (!ringing.join(JOIN) || !looking.join(JOIN)) {
                LOG.warn("a thread that looks after sandboxes has not ended within {}", JOIN);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

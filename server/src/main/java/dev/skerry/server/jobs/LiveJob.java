package dev.skerry.server.jobs;

import dev.skerry.server.tenants.TenantId;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A job that was handed in and has not ended, in the memory of the server that runs it. Thread-safe. */
final class LiveJob {
    private final String token;
    private final TenantId tenant;
    private final CompletableFuture<Ticket> ticket = new CompletableFuture<>();
    private final CountDownLatch end = new CountDownLatch(1);
    private Optional<Thread> runner = Optional.empty();
    private boolean cancelled;

    LiveJob(String token, TenantId tenant) {
        this.token = token;
        this.tenant = tenant;
    }

    String token() {
        return token;
    }

    TenantId tenant() {
        return tenant;
    }

    void waits(Ticket place) {
        ticket.complete(place);
    }

    /** Its turn may come before whoever entered it knows its ticket. */
    Ticket ticket() {
        return ticket.join();
    }

    /** Empty: it is about to have one. */
    Optional<Ticket> placed() {
        return ticket.isDone() ? Optional.of(ticket.join()) : Optional.empty();
    }

    /**
     * This thread runs it from now on, and is interrupted when it is cancelled.
     *
     * @return false: it was cancelled
     */
    synchronized boolean runs() {
        runner = Optional.of(Thread.currentThread());
        return !cancelled;
    }

    /** This thread does not run it any more; an interrupt that came too late for it is taken back. */
    synchronized void stops() {
        runner = Optional.empty();
        if (cancelled) {
            boolean _ = Thread.interrupted();
        }
    }

    synchronized void cancel() {
        cancelled = true;
        runner.ifPresent(Thread::interrupt);
    }

    synchronized boolean cancelled() {
        return cancelled;
    }

    void over() {
        end.countDown();
    }

    boolean awaitEnd(Duration most) throws InterruptedException {
        return end.await(most.toNanos(), TimeUnit.NANOSECONDS);
    }
}

package dev.skerry.host.jobs;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends sandboxes that are done with, off the way of the answer. Thread-safe. */
final class Disposal implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Disposal.class);

    /** More than these, and whoever brings the next one waits: sandboxes are not made faster than they are removed. */
    private static final int UNDER_WAY_MAX = 64;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Semaphore room = new Semaphore(UNDER_WAY_MAX);

    void dispose(JobSandbox sandbox) {
        room.acquireUninterruptibly();
        threads.execute(() -> {
            try {
                sandbox.close();
            } catch (RuntimeException e) {
                LOG.atWarn().setCause(e).log("something of a job's sandbox is left; 'skerry doctor' shows it");
            } finally {
                room.release();
            }
        });
    }

    /** Waits until all are gone. */
    @Override
    public void close() {
        threads.close();
    }
}

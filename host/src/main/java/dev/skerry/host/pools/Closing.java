package dev.skerry.host.pools;

import java.util.Collection;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes members by threads of its own, few at a time. Thread-safe. */
final class Closing<M> implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Closing.class);

    private final Maker<M> maker;
    private final Semaphore free;
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("pool-closing-", 0).factory());

    Closing(Maker<M> maker, int atATime) {
        this.maker = maker;
        this.free = new Semaphore(atATime);
    }

    void close(Collection<M> members) {
        for (M member : members) {
            try {
                threads.execute(() -> close(member));
            } catch (RejectedExecutionException e) {
                // Everything is being closed.
                close(member);
            }
        }
    }

    private void close(M member) {
        free.acquireUninterruptibly();
        try {
            maker.close(member);
        } catch (RuntimeException e) {
            LOG.atWarn().setCause(e).log("a member of a pool is not closed; the reaper tries again");
        } finally {
            free.release();
        }
    }

    /** Waits for all. */
    @Override
    public void close() {
        threads.close();
    }
}

package dev.skerry.server.http;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.thread.TryExecutor;
import org.jspecify.annotations.Nullable;

/**
 * Where Jetty runs what it does not run where it is: on threads of a pool, and what may block on virtual ones. What
 * follows the end of an answer that was given without a thread, which is to look for the next request, takes no other
 * thread either.
 */
final class Onward implements TryExecutor, VirtualThreads.Configurable {
    private final TryExecutor pool;

    @SuppressWarnings("ThreadLocalUsage") // nothing is static here; there is one of these in a server
    private final ThreadLocal<@Nullable Deque<Runnable>> following = new ThreadLocal<>();

    Onward(TryExecutor pool) {
        this.pool = pool;
    }

    @Override
    public void execute(Runnable task) {
        Deque<Runnable> here = following.get();
        if (here == null) {
            pool.execute(task);
        } else {
            here.add(task);
        }
    }

    @Override
    public boolean tryExecute(Runnable task) {
        return pool.tryExecute(task);
    }

    @Override
    public Executor getVirtualThreadsExecutor() {
        return task -> Thread.ofVirtual().name("http").start(task);
    }

    @Override
    public void setVirtualThreadsExecutor(@Nullable Executor executor) {
        throw new UnsupportedOperationException("it has one");
    }

    /** Runs that, and afterwards what it has given to {@link #execute}, all on this thread. */
    void run(Runnable completion) {
        if (following.get() != null) {
            completion.run();
            return;
        }
        Deque<Runnable> tasks = new ArrayDeque<>(2);
        following.set(tasks);
        try {
            completion.run();
        } finally {
            following.remove();
        }
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }
}

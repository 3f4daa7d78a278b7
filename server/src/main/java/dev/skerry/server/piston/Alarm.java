package dev.skerry.server.piston;

import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * What is done later, each on a thread of its own, so that nothing that waits delays another. Once it is closed,
 * everything is done at once: what waits here ends things. Thread-safe.
 */
final class Alarm implements AutoCloseable {
    private final ScheduledThreadPoolExecutor clock = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("piston-clock").factory());

    Alarm() {
        clock.setRemoveOnCancelPolicy(true);
    }

    /** Takes it back, unless it has been done. */
    @FunctionalInterface
    interface Set {
        void cancel();
    }

    Set after(Duration time, Runnable action) {
        try {
            var future = clock.schedule(() -> apart(action), time.toMillis(), TimeUnit.MILLISECONDS);
            return () -> future.cancel(false);
        } catch (RejectedExecutionException e) {
            apart(action);
            return () -> {};
        }
    }

    private static void apart(Runnable action) {
        Thread.ofVirtual().name("piston-alarm").start(action);
    }

    @Override
    public void close() {
        clock.getQueue().forEach(waiting -> {
            if (clock.remove(waiting)) {
                waiting.run();
            }
        });
        clock.shutdown();
    }
}

package dev.skerry.server.interpreter;

import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Memory for results that are large, a quarter of the heap for all sandboxes together. Each sandbox has at most one at
 * a time, from its first bytes to the client's having it, so only a sandbox's own clients wait for one another.
 * Thread-safe.
 */
final class LargeResults {
    /** Of one event; kernels leave out more. */
    static final int EVENT_MAX = 16 << 20;

    /** What is not large: held without asking. */
    static final int SMALL_MAX = 256 << 10;

    private final long bytesMax;
    private final AtomicLong reserved = new AtomicLong();

    LargeResults() {
        this(Math.max(2L * EVENT_MAX, Runtime.getRuntime().maxMemory() / 4));
    }

    LargeResults(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /** Those of one sandbox. */
    final class Share {
        private final Semaphore one = new Semaphore(1);

        /** Waits for the sandbox's turn. False when the server has no memory for it. */
        boolean take() throws InterruptedException {
            one.acquire();
            if (reserved.addAndGet(EVENT_MAX) > bytesMax) {
                give();
                return false;
            }
            return true;
        }

        void give() {
            reserved.addAndGet(-EVENT_MAX);
            one.release();
        }
    }

    Share share() {
        return new Share();
    }
}

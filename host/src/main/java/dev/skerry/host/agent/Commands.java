package dev.skerry.host.agent;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Which commands an agent carries out: none any more from some moment on. Thread-safe. */
final class Commands {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition none = lock.newCondition();
    private int underWay;
    private boolean ended;

    /** One that is being carried out. */
    interface Entered extends AutoCloseable {
        @Override
        void close();
    }

    /** @throws Failure {@code HOST_UNREACHABLE} when there are none any more */
    Entered enter() {
        lock.lock();
        try {
            if (ended) {
                throw new Failure(
                        ErrorCode.HOST_UNREACHABLE, "this server has let go of the host", "try again in a moment");
            }
            underWay++;
            return this::leave;
        } finally {
            lock.unlock();
        }
    }

    private void leave() {
        lock.lock();
        try {
            underWay--;
            none.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Refuses new ones, and returns when those under way are done. Each of them has a bound of its own. */
    void end() {
        lock.lock();
        try {
            ended = true;
            while (underWay > 0) {
                none.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }
}

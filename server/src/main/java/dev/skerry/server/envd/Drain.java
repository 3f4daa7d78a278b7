package dev.skerry.server.envd;

import dev.skerry.server.connect.Code;
import dev.skerry.server.connect.RpcError;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** The streams that are open, so that they can be ended in order when the server stops. Thread-safe. */
final class Drain {
    private final ReentrantLock lock = new ReentrantLock();
    private final Set<Mailbox<?>> open = new HashSet<>();
    private boolean draining;

    /** To be closed by whoever holds it. */
    interface Entry extends AutoCloseable {
        @Override
        void close();
    }

    /** @throws RpcError {@code unavailable} once the server stops */
    void check() {
        lock.lock();
        try {
            if (draining) {
                throw stopping();
            }
        } finally {
            lock.unlock();
        }
    }

    Entry enter(Mailbox<?> mailbox) {
        lock.lock();
        try {
            if (draining) {
                mailbox.cut(Drain::stopping);
            } else {
                open.add(mailbox);
            }
        } finally {
            lock.unlock();
        }
        return () -> leave(mailbox);
    }

    private void leave(Mailbox<?> mailbox) {
        lock.lock();
        try {
            open.remove(mailbox);
        } finally {
            lock.unlock();
        }
    }

    void begin() {
        lock.lock();
        try {
            draining = true;
            open.forEach(mailbox -> mailbox.cut(Drain::stopping));
        } finally {
            lock.unlock();
        }
    }

    private static RpcError stopping() {
        return new RpcError(
                Code.UNAVAILABLE,
                "the server is stopping and what runs in the sandbox is not: connect again in a moment");
    }
}

package dev.skerry.server.sandboxes;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.List;

/** Which of several servers may command a simulated host: the last to whom it was given. Thread-safe. */
final class Epochs {
    private final ThreadLocal<Long> caller = ThreadLocal.withInitial(() -> Long.MAX_VALUE);
    private final List<String> violations;
    private long highest;
    private boolean lenient;
    private int refused;

    /** While it is open, the thread's calls are one server's. */
    interface As extends AutoCloseable {
        @Override
        void close();
    }

    /** @param violations gets what was let through */
    Epochs(List<String> violations) {
        this.violations = violations;
    }

    synchronized void raise(long epoch) {
        if (epoch < highest) {
            throw new Failure(ErrorCode.CONFLICT, "epoch " + highest + " was here before " + epoch);
        }
        highest = epoch;
    }

    As as(long epoch) {
        long before = caller.get();
        caller.set(epoch);
        return () -> caller.set(before);
    }

    /** A fault to plant: commands of lower epochs are carried out. */
    synchronized void ignore() {
        lenient = true;
    }

    /** When a command has arrived, however long it was under way. */
    synchronized void admit() {
        if (caller.get() < highest && lenient) {
            violations.add("a command of epoch " + caller.get() + " was carried out after " + highest);
        } else if (caller.get() < highest) {
            refused++;
            throw new Failure(ErrorCode.CONFLICT, "a command of epoch " + caller.get() + " comes too late");
        }
    }

    synchronized int refused() {
        return refused;
    }
}

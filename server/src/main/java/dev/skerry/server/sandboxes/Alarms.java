package dev.skerry.server.sandboxes;

import dev.skerry.wire.SandboxId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** When which sandbox has to be looked at: one time for each. Thread-safe. */
final class Alarms {
    /** The wall clock may be set: nobody sleeps longer than this. */
    private static final Duration NAP = Duration.ofSeconds(1);

    private record Alarm(Instant at, SandboxId id) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition sooner = lock.newCondition();
    private final TreeSet<Alarm> order =
            new TreeSet<>(Comparator.comparing(Alarm::at).thenComparing(Alarm::id));
    private final Map<SandboxId, Alarm> byId = new HashMap<>();

    /** Instead of what was set before. */
    void set(SandboxId id, Optional<Instant> at) {
        lock.lock();
        try {
            Alarm old = byId.remove(id);
            if (old != null) {
                order.remove(old);
            }
            if (at.isPresent()) {
                Alarm alarm = new Alarm(at.get(), id);
                byId.put(id, alarm);
                order.add(alarm);
                if (order.first().equals(alarm)) {
                    sooner.signal();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    Optional<Instant> next() {
        lock.lock();
        try {
            return order.isEmpty()
                    ? Optional.empty()
                    : Optional.of(order.first().at());
        } finally {
            lock.unlock();
        }
    }

    /** Takes out those whose time has come. */
    List<SandboxId> due(Instant now) {
        lock.lock();
        try {
            List<SandboxId> due = new ArrayList<>();
            while (!order.isEmpty() && !order.first().at().isAfter(now)) {
                Alarm alarm = order.removeFirst();
                byId.remove(alarm.id());
                due.add(alarm.id());
            }
            return due;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for some whose time has come. */
    List<SandboxId> awaitDue(InstantSource clock) throws InterruptedException {
        lock.lock();
        try {
            List<SandboxId> due = due(clock.instant());
            while (due.isEmpty()) {
                Duration left = next().map(at -> Duration.between(clock.instant(), at))
                        .filter(until -> until.compareTo(NAP) < 0)
                        .orElse(NAP);
                long _ = sooner.awaitNanos(left.toNanos());
                due = due(clock.instant());
            }
            return due;
        } finally {
            lock.unlock();
        }
    }
}

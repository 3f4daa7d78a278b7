package dev.skerry.server.gateway;

import dev.skerry.server.sandboxes.LiveSandbox;
import dev.skerry.server.sandboxes.OpenStreams;
import dev.skerry.wire.stream.GuestConnection;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.jetty.io.ManagedSelector;

/**
 * Connections to programs inside that wait for another request. They are kept by the stream of the sandbox's
 * incarnation and by port, so that what was opened to one sandbox never serves another, nor a later life of the same.
 * Before a pause they are let go. Thread-safe.
 */
final class UpstreamPool {
    private final GatewayBounds bounds;
    private final ConcurrentMap<GuestConnection, Slot> slots = new ConcurrentHashMap<>();
    private final Set<SocketLink> sockets = ConcurrentHashMap.newKeySet();

    UpstreamPool(GatewayBounds bounds) {
        this.bounds = bounds;
    }

    private record Idle(Upstream upstream, long sinceNanos) {}

    /** Those of one incarnation. */
    private final class Slot implements Runnable {
        private final GuestConnection guest;
        private final OpenStreams streams;
        private final ReentrantLock lock = new ReentrantLock();
        private final Map<Integer, Deque<Idle>> idle = new HashMap<>();
        private int size;
        private boolean closed;

        Slot(LiveSandbox live) {
            this.guest = live.guest();
            this.streams = live.streams();
        }

        Optional<Upstream> take(int port, boolean socket, Optional<ManagedSelector> selector) {
            lock.lock();
            try {
                Deque<Idle> waiting = idle.get(port);
                while (waiting != null && !waiting.isEmpty()) {
                    if (socket && waiting.getLast().upstream().socket().isEmpty()) {
                        return Optional.empty();
                    }
                    Upstream upstream = removeLast(waiting, selector).upstream();
                    size--;
                    if (!upstream.stale()) {
                        selector.ifPresent(upstream::watchWith);
                        return Optional.of(upstream);
                    }
                    upstream.close();
                }
                return Optional.empty();
            } finally {
                lock.unlock();
            }
        }

        /** Of those that this selector watches, or else of all. */
        private static Idle removeLast(Deque<Idle> waiting, Optional<ManagedSelector> selector) {
            if (selector.isPresent()) {
                for (Iterator<Idle> last = waiting.descendingIterator(); last.hasNext(); ) {
                    Idle one = last.next();
                    if (one.upstream().isWatchedBy(selector.get())) {
                        last.remove();
                        return one;
                    }
                }
            }
            return waiting.removeLast();
        }

        boolean give(int port, Upstream upstream) {
            lock.lock();
            try {
                Deque<Idle> waiting = idle.computeIfAbsent(port, _ -> new ArrayDeque<>());
                if (closed || size >= bounds.idlePerSandbox() || waiting.size() >= bounds.idlePerPort()) {
                    return false;
                }
                waiting.addLast(new Idle(upstream, System.nanoTime()));
                size++;
                return true;
            } finally {
                lock.unlock();
            }
        }

        boolean takesNone() {
            lock.lock();
            try {
                return closed;
            } finally {
                lock.unlock();
            }
        }

        /** Lets all go. */
        @Override
        public void run() {
            lock.lock();
            try {
                closed = true;
                idle.values()
                        .forEach(
                                waiting -> waiting.forEach(one -> one.upstream().close()));
                idle.clear();
                size = 0;
            } finally {
                lock.unlock();
            }
            slots.remove(guest, this);
        }

        /** Whether nothing is left after those that have waited too long are gone; it takes none any more then. */
        boolean sweep(long now) {
            lock.lock();
            try {
                for (Iterator<Deque<Idle>> ports = idle.values().iterator(); ports.hasNext(); ) {
                    Deque<Idle> waiting = ports.next();
                    while (!waiting.isEmpty() && isOld(waiting.getFirst(), now)) {
                        waiting.removeFirst().upstream().close();
                        size--;
                    }
                    if (waiting.isEmpty()) {
                        ports.remove();
                    }
                }
                closed |= size == 0;
                return closed;
            } finally {
                lock.unlock();
            }
        }

        private boolean isOld(Idle one, long now) {
            return guest.closed() || now - one.sinceNanos() > bounds.idleTime().toNanos();
        }
    }

    /** @param selector that is to watch it, if it is a socket */
    Optional<Upstream> take(LiveSandbox live, int port, Optional<ManagedSelector> selector) {
        Slot slot = slots.get(live.guest());
        return slot == null ? Optional.empty() : slot.take(port, false, selector);
    }

    /** One that is a socket. */
    Optional<Upstream> takeSocket(LiveSandbox live, int port, Optional<ManagedSelector> selector) {
        Slot slot = slots.get(live.guest());
        return slot == null ? Optional.empty() : slot.take(port, true, selector);
    }

    /** Keeps it or closes it. */
    void give(LiveSandbox live, int port, Upstream upstream) {
        Slot slot = slot(live);
        boolean kept = !upstream.stale() && slot.give(port, upstream);
        if (!kept && !upstream.stale() && slot.takesNone()) {
            // A sweep may have found it empty just before this.
            slots.remove(live.guest(), slot);
            kept = slot(live).give(port, upstream);
        }
        if (!kept) {
            upstream.close();
        }
    }

    private Slot slot(LiveSandbox live) {
        Slot known = slots.get(live.guest());
        if (known != null) {
            return known;
        }
        Slot fresh = new Slot(live);
        Slot earlier = slots.putIfAbsent(live.guest(), fresh);
        if (earlier != null) {
            return earlier;
        }
        // Outside of every lock: the sandbox holds its own while it tells slots to let go.
        if (!live.streams().letGoBeforePause(fresh)) {
            fresh.run();
        }
        return fresh;
    }

    /** Every socket to a sandbox, in use or not, as long as it is open. */
    Set<SocketLink> sockets() {
        return sockets;
    }

    /**
     * Closes what has waited too long, and sockets to sandboxes that are over: what goes through one does not hear of
     * it from the stream. To be called now and then.
     */
    void sweep() {
        sockets.forEach(SocketLink::sweep);
        long now = System.nanoTime();
        slots.values().forEach(slot -> {
            if (slot.sweep(now)) {
                slot.streams.forget(slot);
                slots.remove(slot.guest, slot);
            }
        });
    }

    /** Sandboxes to which connections are kept. */
    int size() {
        return slots.size();
    }

    void close() {
        slots.values().forEach(Slot::run);
        sockets.forEach(SocketLink::close);
    }
}

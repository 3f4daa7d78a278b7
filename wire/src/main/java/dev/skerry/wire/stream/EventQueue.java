package dev.skerry.wire.stream;

import dev.skerry.wire.ProtocolViolation;
import java.util.ArrayDeque;
import java.util.Optional;

/**
 * Changes that nobody has asked for yet, in bounded memory: when it is full, what comes is dropped until the queue was
 * emptied, and the consumer is told by {@link Watch.Kind#OVERFLOW}. Guarded by its channel's lock.
 */
final class EventQueue {
    /** An event of a watch is a path and some numbers. */
    private static final int EVENT_BYTES_MAX = 8 << 10;

    private static final int BYTES_MAX = 256 << 10;

    /** What an event costs besides its bytes. */
    private static final int OVERHEAD_BYTES = 64;

    private record Event(Watch.Change change, int cost) {}

    private final ArrayDeque<Event> events = new ArrayDeque<>();
    private int cost;
    private boolean lost;

    /** @param bytes of the frame that told the change */
    void add(Watch.Change change, int bytes) throws ProtocolViolation {
        if (bytes > EVENT_BYTES_MAX) {
            throw new ProtocolViolation("an event of " + bytes + " bytes");
        }
        Event event = new Event(change, bytes + OVERHEAD_BYTES);
        if (lost || cost + event.cost > BYTES_MAX) {
            lost = true;
            return;
        }
        cost += event.cost;
        events.addLast(event);
    }

    boolean isEmpty() {
        return events.isEmpty() && !lost;
    }

    Optional<Watch.Change> poll() {
        if (events.isEmpty() && lost) {
            lost = false;
            return Optional.of(new Watch.Change(Watch.Kind.OVERFLOW, ""));
        }
        Optional<Event> first = Optional.ofNullable(events.pollFirst());
        first.ifPresent(event -> cost -= event.cost);
        return first.map(Event::change);
    }
}

package dev.skerry.server.sandboxes;

import java.util.List;

/**
 * Some events, oldest first.
 *
 * @param seen everything up to that sequence number was looked at: where to go on
 * @param last the greatest sequence number there was
 */
public record EventPage(List<SandboxEvent> events, long seen, long last) {
    public EventPage {
        events = List.copyOf(events);
    }

    /** @param end up to there it was looked, unless there was enough before */
    static EventPage of(List<SandboxEvent> events, int limit, long end, long last) {
        return new EventPage(
                events, events.size() < limit ? end : events.getLast().sequence(), last);
    }
}

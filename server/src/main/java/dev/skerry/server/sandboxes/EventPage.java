package dev.skerry.server.sandboxes;

import java.util.List;

/**
 * Some events, oldest first.
 *
 * @param seen everything up to that sequence number was looked at: where to go on
 */
public record EventPage(List<SandboxEvent> events, long seen) {
    public EventPage {
        events = List.copyOf(events);
    }

    static EventPage of(List<SandboxEvent> events, int limit, long last) {
        return new EventPage(
                events, events.size() < limit ? last : events.getLast().sequence());
    }
}

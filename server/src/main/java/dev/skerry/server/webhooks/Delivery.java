package dev.skerry.server.webhooks;

import java.time.Duration;
import java.time.Instant;

/**
 * One attempt to deliver an event.
 *
 * @param event its id, the same at each attempt
 * @param type as it is sent
 * @param sandbox empty for a test
 * @param status of the answer; 0: there was none
 * @param error for a reader; empty: delivered
 */
public record Delivery(
        String id, String event, String type, String sandbox, Instant at, Duration took, int status, String error) {
    public boolean delivered() {
        return error.isEmpty();
    }
}

package dev.skerry.server.webhooks;

import dev.skerry.server.tenants.TenantId;
import java.net.URI;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * A URL that is told what happens to a tenant's sandboxes.
 *
 * @param sealedSecret what deliveries are signed with, encrypted
 * @param position everything up to this event was delivered, or is not for it
 */
public record Webhook(
        String id,
        TenantId tenant,
        String name,
        URI url,
        boolean enabled,
        Set<EventType> events,
        String sealedSecret,
        Instant createdAt,
        long position,
        Health health) {
    public Webhook {
        events = Set.copyOf(events);
    }

    /**
     * How deliveries go.
     *
     * @param failingSince the event after the position has failed since then
     * @param failures rounds in which nothing could be delivered, one after the other
     * @param nextAt no round before then
     * @param givenUpAt nothing is delivered since then
     * @param lastError why, for a reader; empty when all is well
     */
    public record Health(
            Optional<Instant> failingSince,
            int failures,
            Optional<Instant> nextAt,
            Optional<Instant> givenUpAt,
            String lastError) {
        static final Health WELL = new Health(Optional.empty(), 0, Optional.empty(), Optional.empty(), "");

        /** {@code ok}, {@code retrying} or {@code failing}: given up. */
        public String word() {
            return givenUpAt.isPresent() ? "failing" : failingSince.isPresent() ? "retrying" : "ok";
        }
    }
}

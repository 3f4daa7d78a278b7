package dev.skerry.server.sandboxes;

import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.Incarnation;
import java.time.Instant;

/**
 * A sandbox as it is stored.
 *
 * @param revision rises by one with every stored change; a write names the one it read
 * @param generation of its incarnation on a host; rises with every cold start
 * @param endsAt when its time is over, while it runs; renewed by its users
 * @param why it is in that state, or on its way there
 */
public record Sandbox(
        SandboxId id,
        TenantId tenant,
        long revision,
        long generation,
        SandboxConfig config,
        Instant createdAt,
        Instant endsAt,
        SandboxState state,
        Why why) {
    public Incarnation incarnation() {
        return new Incarnation(id, generation);
    }
}

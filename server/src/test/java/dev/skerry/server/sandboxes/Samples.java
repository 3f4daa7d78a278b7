package dev.skerry.server.sandboxes;

import dev.skerry.server.settings.SandboxSettings;
import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.SandboxId;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** Things that tests of sandboxes are made of. */
final class Samples {
    static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
    static final TenantId TENANT = new TenantId("acme");
    static final TenantId OTHER = new TenantId("other");

    /** The first tenant is in want of everything now and then, the other of nothing. */
    static final Map<TenantId, Quota> QUOTAS = Map.of(
            TENANT,
            new Quota(Map.of(
                    Resource.SANDBOXES,
                    3L,
                    Resource.MEMORY_BYTES,
                    5 * Limits.DEFAULT.memoryBytes(),
                    Resource.DISK_BYTES,
                    6 * Limits.DEFAULT.diskBytes(),
                    Resource.CREATES_PER_SECOND,
                    2L)),
            OTHER,
            Quota.UNSAID);

    static final Why ASKED =
            new Why(Cause.REQUESTED, new Origin("0123456789abcdef", "e2b_0123…cdef", "2001:db8::1", "a-request"));

    static final Lifetime PAUSES = new Lifetime(true, PauseKind.MEMORY, false);
    static final Lifetime PAUSES_TO_DISK = new Lifetime(true, PauseKind.DISK, false);
    static final Lifetime WAKES = new Lifetime(true, PauseKind.MEMORY, true);

    private Samples() {}

    static SandboxConfig config(Lifetime lifetime) {
        return config(lifetime, Map.of());
    }

    static SandboxConfig config(Lifetime lifetime, Map<String, String> metadata) {
        return new SandboxConfig(
                "sha256:abc",
                Optional.of("base"),
                Isolation.CONTAINER,
                Limits.DEFAULT.withoutWallTime(),
                Privilege.SUDO,
                metadata,
                Map.of("A", "1"),
                true,
                true,
                lifetime,
                "{}");
    }

    /** @param request what else was asked */
    static SandboxConfig asking(String request) {
        SandboxConfig base = config(Lifetime.ENDS);
        return new SandboxConfig(
                base.template(),
                base.alias(),
                base.floor(),
                base.limits(),
                base.privilege(),
                base.metadata(),
                base.environment(),
                base.secure(),
                base.publicTraffic(),
                base.lifetime(),
                request);
    }

    static SandboxSettings settings(int runningMax) {
        SandboxSettings base = SandboxSettings.DEFAULT;
        return new SandboxSettings(
                base.isolation(),
                base.launcher(),
                base.cpuMillis(),
                base.memoryBytes(),
                base.diskBytes(),
                base.diskInodes(),
                base.processes(),
                base.timeoutMax(),
                base.resumeTimeout(),
                runningMax);
    }

    static SandboxId id(Instant at) {
        return SandboxId.create(at, new SecureRandom());
    }

    /** As it is when it was just asked for. */
    static Sandbox fresh(Lifetime lifetime) {
        return fresh(config(lifetime));
    }

    static Sandbox fresh(SandboxConfig config) {
        return SandboxLifecycle.create(
                        id(NOON),
                        new SandboxLifecycle.Wish(TENANT, config, Duration.ofMinutes(5), Origin.NONE),
                        SimulatedHost.ID,
                        NOON)
                .sandbox();
    }
}

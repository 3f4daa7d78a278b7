package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.server.sandboxes.SandboxConfig;
import dev.skerry.server.sandboxes.SandboxState;
import dev.skerry.server.tenants.SandboxTokens;
import dev.skerry.server.tenants.SandboxTokens.Purpose;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import java.time.Instant;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** Sandboxes in the shapes of the E2B API. */
final class SandboxAnswers {
    /** Decides which features clients use; this one has all that they know. */
    static final String ENVD_VERSION = "0.6.13";

    /** Nobody reads it any more, but it is required. */
    private static final String CLIENT_ID = "skerry";

    private static final int BYTES_PER_MB_LOG = 20;

    private final SandboxTokens tokens;
    private final String domain;

    /** @param domain under which sandboxes have their names, with a port if clients need one */
    SandboxAnswers(SandboxTokens tokens, String domain) {
        this.tokens = tokens;
        this.domain = domain;
    }

    /** {@code Sandbox}: what clients need to reach it. */
    ObjectNode access(Sandbox sandbox) {
        SandboxConfig config = sandbox.config();
        ObjectNode node = Exchange.JSON.createObjectNode();
        identity(node, sandbox);
        node.put("domain", domain);
        if (config.secure()) {
            node.put("envdAccessToken", tokens.token(Purpose.ENVD, sandbox.id()));
        }
        if (config.publicTraffic()) {
            node.putNull("trafficAccessToken");
        } else {
            node.put("trafficAccessToken", tokens.token(Purpose.TRAFFIC, sandbox.id()));
        }
        return node;
    }

    private static void identity(ObjectNode node, Sandbox sandbox) {
        node.put("templateID", sandbox.config().template());
        node.put("sandboxID", sandbox.id().text());
        node.put("clientID", CLIENT_ID);
        node.put("envdVersion", ENVD_VERSION);
        sandbox.config().alias().ifPresent(alias -> node.put("alias", alias));
    }

    /** {@code ListedSandbox}. */
    ObjectNode listed(Sandbox sandbox) {
        ObjectNode node = Exchange.JSON.createObjectNode();
        identity(node, sandbox);
        node.put("startedAt", sandbox.createdAt().toString());
        node.put("endAt", endAt(sandbox).toString());
        node.put("state", isPaused(sandbox.state()) ? "paused" : "running");
        sizes(node, sandbox.config().limits());
        ObjectNode metadata = node.putObject("metadata");
        sandbox.config().metadata().forEach(metadata::put);
        node.putArray("volumeMounts");
        return node;
    }

    /**
     * {@code SandboxDetail}; the level of isolation that was achieved is ours.
     *
     * @param opens whether the caller may use the sandbox, so may see its token
     */
    ObjectNode detail(Sandbox sandbox, boolean opens) {
        SandboxConfig config = sandbox.config();
        ObjectNode node = listed(sandbox);
        node.put("domain", domain);
        if (config.secure() && opens) {
            node.put("envdAccessToken", tokens.token(Purpose.ENVD, sandbox.id()));
        }
        node.put("allowInternetAccess", false);
        node.putObject("network").put("allowPublicTraffic", config.publicTraffic());
        node.putObject("lifecycle")
                .put("autoResume", config.lifetime().wakesOnTraffic())
                .put("onTimeout", config.lifetime().pauses() ? "pause" : "kill");
        ObjectNode own = node.putObject("skerry");
        isolation(sandbox.state()).ifPresent(level -> own.put("isolation", level.label()));
        own.put("generation", sandbox.generation());
        return node;
    }

    static void sizes(ObjectNode node, Limits limits) {
        node.put("cpuCount", cpus(limits));
        node.put("memoryMB", limits.memoryBytes() >> BYTES_PER_MB_LOG);
        node.put("diskSizeMB", limits.diskBytes() >> BYTES_PER_MB_LOG);
    }

    /** Whole ones. */
    static int cpus(Limits limits) {
        return Math.ceilDiv(limits.cpuMillis(), 1000);
    }

    private static Instant endAt(Sandbox sandbox) {
        return sandbox.state() instanceof SandboxState.Paused paused ? paused.since() : sandbox.endsAt();
    }

    /** One that is being paused reads as paused, one that is being resumed as running. */
    static boolean isPaused(SandboxState state) {
        return switch (state) {
            case SandboxState.Pausing _, SandboxState.Paused _ -> true;
            case SandboxState.Starting _,
                    SandboxState.Running _,
                    SandboxState.Resuming _,
                    SandboxState.Stopping _,
                    SandboxState.Stopped _ -> false;
        };
    }

    private static Optional<Isolation> isolation(SandboxState state) {
        return switch (state) {
            case SandboxState.Running running -> Optional.of(running.isolation());
            case SandboxState.Pausing pausing -> Optional.of(pausing.isolation());
            case SandboxState.Paused paused -> Optional.of(paused.isolation());
            case SandboxState.Resuming resuming -> Optional.of(resuming.isolation());
            case SandboxState.Starting _, SandboxState.Stopping _, SandboxState.Stopped _ -> Optional.empty();
        };
    }
}

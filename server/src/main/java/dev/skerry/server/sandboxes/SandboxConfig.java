package dev.skerry.server.sandboxes;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Privilege;
import java.util.Map;
import java.util.Optional;

/**
 * What was asked for; it does not change over a sandbox's life.
 *
 * @param template the id of the template, as answers show it and as the host finds it
 * @param alias the name by which it was asked for, if it was a name
 * @param environment of every process in it
 * @param secure requests to process 1's services need the sandbox's token
 * @param publicTraffic requests to its ports need no token
 * @param request what else was asked, in the door's words (JSON), not understood here
 */
public record SandboxConfig(
        String template,
        Optional<String> alias,
        Isolation floor,
        Limits limits,
        Privilege privilege,
        Map<String, String> metadata,
        Map<String, String> environment,
        boolean secure,
        boolean publicTraffic,
        Lifetime lifetime,
        String request) {
    /** What a door that says nothing else has written. */
    public static final String NOTHING_ELSE = "{}";

    public SandboxConfig {
        metadata = Map.copyOf(metadata);
        environment = Map.copyOf(environment);
    }

    SandboxConfig withEnvironment(Map<String, String> other) {
        return new SandboxConfig(
                template, alias, floor, limits, privilege, metadata, other, secure, publicTraffic, lifetime, request);
    }

    /** Whether this is what was asked for by that: all of it, as far as it was written down. */
    boolean wasAskedBy(SandboxConfig asked) {
        return equals(asked) || equals(asked.withoutRequest());
    }

    private SandboxConfig withoutRequest() {
        return new SandboxConfig(
                template,
                alias,
                floor,
                limits,
                privilege,
                metadata,
                environment,
                secure,
                publicTraffic,
                lifetime,
                NOTHING_ELSE);
    }
}

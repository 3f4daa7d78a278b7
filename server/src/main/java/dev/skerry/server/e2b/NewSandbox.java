package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.sandboxes.Lifetime;
import dev.skerry.server.sandboxes.PauseKind;
import dev.skerry.server.sandboxes.SandboxConfig;
import dev.skerry.server.settings.SandboxSettings;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Privilege;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The body of {@code POST /sandboxes} and {@code POST /v2/sandboxes}.
 *
 * @param template as the client wrote it
 */
record NewSandbox(String template, Duration timeout, Body body, boolean secure) {
    private static final int METADATA_MAX = 128;
    private static final int TEXT_MAX = 32 << 10;

    /** All together; a list shows that of a hundred sandboxes at once. */
    private static final int METADATA_LENGTH_MAX = 64 << 10;

    private static final int ENVIRONMENT_LENGTH_MAX = 128 << 10;
    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    /** What needs parts that this server does not have yet. */
    private static final List<String> NOT_YET = List.of("volumeMounts", "mcp", "iam");

    private static final List<String> NETWORK_NOT_YET =
            List.of("allowOut", "denyOut", "rules", "egressProxy", "maskRequestHost", "httpsPorts");

    /** How the two dialects differ. */
    enum Dialect {
        /** Fifteen seconds, and secure only when asked. */
        V1(Duration.ofSeconds(15)),
        /** Five minutes, and always secure. */
        V2(Duration.ofMinutes(5));

        final Duration timeout;

        Dialect(Duration timeout) {
            this.timeout = timeout;
        }
    }

    static NewSandbox parse(Body body, Dialect dialect, SandboxSettings settings) {
        String template = body.text("templateID").orElse("");
        if (template.isEmpty()) {
            if (dialect == Dialect.V1) {
                throw new Failure(ErrorCode.INVALID_REQUEST, "'templateID' is missing", "'base' is always there");
            }
            template = "base";
        }
        Duration timeout = body.number("timeout").map(Timeouts::seconds).orElse(dialect.timeout);
        Timeouts.check(timeout, settings.timeoutMax());
        for (String name : NOT_YET) {
            if (body.filled(name)) {
                throw new Failure(ErrorCode.INVALID_REQUEST, "'" + name + "' is not supported by this server");
            }
        }
        body.object("network").ifPresent(NewSandbox::checkNetwork);
        body.flag("allow_internet_access", true); // either will do, as there is no network yet
        return new NewSandbox(template, timeout, body, dialect == Dialect.V2 || body.flag("secure", false));
    }

    static void checkNetwork(Body network) {
        for (String name : NETWORK_NOT_YET) {
            if (network.filled(name)) {
                throw new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "'network." + name + "' is not supported by this server: sandboxes have loopback only",
                        "leave it out");
            }
        }
    }

    SandboxConfig config(String templateId, Optional<String> alias, SandboxSettings settings) {
        return new SandboxConfig(
                templateId,
                alias,
                settings.floor(body.object("skerry")
                        .flatMap(own -> own.text("isolation"))
                        .map(Isolation::parse)),
                settings.limits(),
                Privilege.SUDO,
                metadata(),
                environment(),
                secure,
                body.object("network")
                        .map(network -> network.flag("allowPublicTraffic", true))
                        .orElse(true),
                lifetime(),
                request());
    }

    /** Two are the same if their time is too, which may be another one by the time it is asked about. */
    private String request() {
        return Exchange.JSON
                .createObjectNode()
                .put("timeout", timeout.toSeconds())
                .toString();
    }

    private Lifetime lifetime() {
        boolean pauses = body.flag("autoPause", false);
        boolean memory = body.flag("autoPauseMemory", true);
        boolean wakes = body.object("autoResume")
                .map(object -> object.flag("enabled", false))
                .orElse(false);
        if (!memory && !pauses) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "'autoPauseMemory' needs 'autoPause'");
        }
        if (!memory && wakes) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST, "'autoResume' cannot be enabled when 'autoPauseMemory' is false");
        }
        return new Lifetime(pauses, memory ? PauseKind.MEMORY : PauseKind.DISK, wakes);
    }

    private Map<String, String> metadata() {
        Map<String, String> metadata = body.texts("metadata");
        if (metadata.size() > METADATA_MAX) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "'metadata' has more than " + METADATA_MAX + " entries");
        }
        checkLengths("metadata", metadata, METADATA_LENGTH_MAX);
        metadata.forEach((name, value) -> {
            // Not every database can hold one.
            if (name.indexOf('\0') >= 0 || value.indexOf('\0') >= 0) {
                throw new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "'metadata' has a NUL in the entry '" + name.replace("\0", "") + "'");
            }
        });
        return metadata;
    }

    private Map<String, String> environment() {
        Map<String, String> variables = body.texts("envVars");
        variables.forEach((name, value) -> {
            if (!VARIABLE.matcher(name).matches() || value.indexOf('\0') >= 0) {
                throw new Failure(ErrorCode.INVALID_REQUEST, "'envVars." + name + "' is not an environment variable");
            }
        });
        checkLengths("envVars", variables, ENVIRONMENT_LENGTH_MAX);
        return variables;
    }

    private static void checkLengths(String where, Map<String, String> entries, int totalMax) {
        int total = entries.entrySet().stream()
                .mapToInt(entry -> entry.getKey().length() + entry.getValue().length())
                .sum();
        if (total > totalMax) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST, "'" + where + "' has more than " + totalMax + " characters in all");
        }
        entries.forEach((name, value) -> {
            if (name.length() + value.length() > TEXT_MAX) {
                throw new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "an entry of '" + where + "' has more than " + TEXT_MAX + " characters");
            }
        });
    }
}

package dev.skerry.server.tenants;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What an API key opens; each includes those before it. */
public enum KeyScope {
    /** Looks at what its tenant has, and changes nothing: it is not shown the tokens that open sandboxes either. */
    READ,
    /** Makes sandboxes and uses them. */
    SANDBOXES,
    /** Everything of its tenant, with its keys. */
    TENANT,
    /** And the server: tenants, their quotas and keys, the metrics. Sandboxes of other tenants it does not open. */
    ADMIN;

    /** As requests and answers have it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws Failure {@code INVALID_REQUEST} */
    public static KeyScope parse(String text) {
        return Arrays.stream(values())
                .filter(scope -> scope.label().equals(text))
                .findFirst()
                .orElseThrow(() -> new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "there is no scope '" + text + "'",
                        "use " + Arrays.stream(values()).map(KeyScope::label).collect(Collectors.joining(", "))));
    }

    public boolean covers(KeyScope other) {
        return compareTo(other) >= 0;
    }
}

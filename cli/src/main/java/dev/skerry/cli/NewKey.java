package dev.skerry.cli;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What a new API key is to be. */
final class NewKey {
    @Option(
            names = "--tenant",
            paramLabel = "TENANT",
            description = "Of that tenant instead of the key's own; for keys of scope admin.")
    Optional<String> tenant = Optional.empty();

    @Option(
            names = "--scope",
            paramLabel = "SCOPE",
            description = "What it opens: read, sandboxes, tenant (all that is the tenant's, the default),"
                    + " or admin (the server too).")
    private Optional<String> scope = Optional.empty();

    @Option(
            names = "--expires",
            paramLabel = "TIME",
            converter = Quantities.Time.class,
            description = "After that time it opens nothing, as 30d or 12h (default: never).")
    private Optional<Duration> expires = Optional.empty();

    Map<String, Object> body(String name) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("name", name);
        scope.ifPresent(text -> body.put("scope", text));
        expires.ifPresent(time -> body.put("expiresIn", time.plusMillis(999).toSeconds()));
        return body;
    }
}

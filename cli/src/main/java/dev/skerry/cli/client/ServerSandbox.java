package dev.skerry.cli.client;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * A sandbox as the server describes it.
 *
 * @param state {@code running} or {@code paused}
 * @param accessToken for its data plane; empty where it needs none, and in lists
 * @param resumes by itself, when a request reaches it while it is paused
 */
public record ServerSandbox(
        String id,
        String template,
        String state,
        Optional<Instant> started,
        Optional<Instant> ends,
        int cpus,
        long memoryMebibytes,
        Map<String, String> metadata,
        String accessToken,
        Optional<String> domain,
        boolean resumes) {
    public ServerSandbox {
        metadata = Map.copyOf(metadata);
    }

    static ServerSandbox of(JsonNode json) {
        Map<String, String> metadata = new LinkedHashMap<>();
        json.path("metadata")
                .properties()
                .forEach(entry -> metadata.put(entry.getKey(), entry.getValue().asString("")));
        String alias = json.path("alias").asString("");
        return new ServerSandbox(
                json.path("sandboxID").asString(""),
                alias.isEmpty() ? json.path("templateID").asString("") : alias,
                json.path("state").asString("running"),
                time(json.path("startedAt")),
                time(json.path("endAt")),
                json.path("cpuCount").asInt(0),
                json.path("memoryMB").asLong(0),
                metadata,
                json.path("envdAccessToken").asString(""),
                Optional.of(json.path("domain").asString("")).filter(text -> !text.isEmpty()),
                json.path("lifecycle").path("autoResume").asBoolean(false));
    }

    private static Optional<Instant> time(JsonNode json) {
        try {
            return Optional.of(json.asString(""))
                    .filter(text -> !text.isEmpty())
                    .map(Instant::parse);
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    public boolean paused() {
        return state.equals("paused");
    }
}

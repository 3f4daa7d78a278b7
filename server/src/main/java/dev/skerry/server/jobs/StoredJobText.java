package dev.skerry.server.jobs;

import java.time.Instant;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A job that was handed in, as JSON: as it is answered, and as its end is told. */
public final class StoredJobText {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private StoredJobText() {}

    /** Without the result. */
    public static ObjectNode brief(StoredJob job) {
        ObjectNode node = JSON.createObjectNode();
        node.put("token", job.token());
        node.put("state", job.stage().label());
        node.put("createdAt", job.createdAt().toString());
        time(node, "beganAt", job.beganAt());
        time(node, "endedAt", job.endedAt());
        node.put("attempts", job.attempts());
        if (!job.verdict().isEmpty()) {
            node.put("verdict", job.verdict());
        }
        job.callback().ifPresent(call -> {
            ObjectNode one = node.putObject("callback");
            one.put("url", call.url());
            time(one, "nextAttemptAt", call.nextAt());
            one.put("failures", call.failures());
            one.put("lastError", call.error());
        });
        return node;
    }

    public static ObjectNode of(StoredJob job) {
        ObjectNode node = brief(job);
        if (!job.result().isEmpty()) {
            node.set("result", JSON.readTree(job.result()));
        }
        return node;
    }

    private static void time(ObjectNode node, String name, Optional<Instant> time) {
        time.ifPresentOrElse(at -> node.put(name, at.toString()), () -> node.putNull(name));
    }
}

package dev.skerry.server.webhooks;

import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.server.sandboxes.SandboxEvent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * An event as it is posted. The documents of E2B write names of fields in camel case, receivers in the field read
 * them with underscores: both are there.
 */
record Payload(String event, String type, String sandbox, String json) {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String VERSION = "v2";
    private static final int BYTES_PER_MB_LOG = 20;

    byte[] body() {
        return json.getBytes(StandardCharsets.UTF_8);
    }

    /** @param sandbox empty if it is not known any more */
    static Payload of(Webhook webhook, SandboxEvent event, EventType type, Optional<Sandbox> sandbox) {
        String id = event.id().text();
        String eventId = uuid("event", id + "/" + event.sequence());
        ObjectNode root = JSON.createObjectNode();
        root.put("version", VERSION).put("id", eventId).put("type", type.text());
        root.put("timestamp", event.at().toString());
        ObjectNode data = JSON.createObjectNode();
        ObjectNode metadata = data.putObject("sandbox_metadata");
        sandbox.ifPresent(one -> one.config().metadata().forEach(metadata::put));
        sandbox.ifPresent(one -> execution(data.putObject("execution"), one, event, type));
        data.put("cause", event.why().cause().label());
        if (!event.detail().isEmpty()) {
            data.put("detail", event.detail());
        }
        root.set("eventData", data);
        root.set("event_data", data);
        root.put("event_category", "lifecycle").put("event_label", type.label());
        String template = sandbox.map(one -> one.config().template()).orElse("");
        long generation = sandbox.map(Sandbox::generation).orElse(1L);
        both(root, "sandboxId", "sandbox_id", id);
        both(root, "sandboxTeamId", "sandbox_team_id", webhook.tenant().text());
        both(root, "sandboxTemplateId", "sandbox_template_id", template);
        both(root, "sandboxBuildId", "sandbox_build_id", uuid("build", template));
        both(root, "sandboxExecutionId", "sandbox_execution_id", uuid("execution", id + "/" + generation));
        return new Payload(eventId, type.text(), id, JSON.writeValueAsString(root));
    }

    private static void both(ObjectNode node, String documented, String seen, String value) {
        node.put(documented, value).put(seen, value);
    }

    private static void execution(ObjectNode node, Sandbox sandbox, SandboxEvent event, EventType type) {
        node.put("started_at", sandbox.createdAt().toString());
        node.put("vcpu_count", Math.ceilDiv(sandbox.config().limits().cpuMillis(), 1000));
        node.put("memory_mb", sandbox.config().limits().memoryBytes() >> BYTES_PER_MB_LOG);
        if (type == EventType.KILLED || type == EventType.PAUSED) {
            node.put(
                    "execution_time",
                    Duration.between(sandbox.createdAt(), event.at()).toMillis());
        }
    }

    static Payload test(Webhook webhook, Instant now) {
        String type = "skerry.webhook.test";
        String eventId = UUID.randomUUID().toString();
        ObjectNode root = JSON.createObjectNode();
        root.put("version", VERSION).put("id", eventId).put("type", type);
        root.put("timestamp", now.toString());
        both(root, "sandboxTeamId", "sandbox_team_id", webhook.tenant().text());
        return new Payload(eventId, type, "", JSON.writeValueAsString(root));
    }

    /** The same at each attempt, also by another server. */
    private static String uuid(String what, String name) {
        return UUID.nameUUIDFromBytes((what + ":" + name).getBytes(StandardCharsets.UTF_8))
                .toString();
    }
}

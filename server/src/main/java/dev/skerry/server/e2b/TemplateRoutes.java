package dev.skerry.server.e2b;

import dev.skerry.server.e2b.Templates.Template;
import dev.skerry.server.http.Exchange;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.settings.SandboxSettings;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.hosts.HostAgent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Templates: the built-in one and those that were imported on the host. All are open to every tenant of this server, so
 * to publish one changes nothing. How often one was used is not counted, and not said.
 */
final class TemplateRoutes {
    private static final String READY = "ready";
    private static final String TAG = "default";

    private final Templates templates;
    private final HostAgent host;
    private final SandboxSettings settings;

    TemplateRoutes(Templates templates, HostAgent host, SandboxSettings settings) {
        this.templates = templates;
        this.host = host;
        this.settings = settings;
    }

    List<Operation> operations(Door door) {
        return List.of(
                door.keyed(KeyScope.READ, "GET", "/templates", "List templates.", this::list)
                        .query("teamID", "Not regarded: the key says who asks.")
                        .answers(200, "[]Template"),
                door.keyed(KeyScope.READ, "GET", "/v2/templates", "List templates, in one page.", this::list)
                        .answers(200, "[]Template"),
                door.keyed(KeyScope.READ, "GET", "/templates/{templateID}", "Get a template and its builds.", this::get)
                        .answers(200, "TemplateWithBuilds"),
                door.keyed(
                                KeyScope.READ,
                                "GET",
                                "/templates/aliases/{alias}",
                                "Find out whether a template exists.",
                                this::exists)
                        .answers(200, "TemplateAlias"),
                door.keyed(
                                KeyScope.READ,
                                "GET",
                                "/templates/{templateID}/tags",
                                "List the tags of a template.",
                                this::tags)
                        .answers(200, "[]TemplateTag"),
                door.keyed(
                                KeyScope.ADMIN,
                                "DELETE",
                                "/templates/{templateID}",
                                "Delete a template that was imported.",
                                this::delete)
                        .answers(204),
                door.keyed(
                                KeyScope.TENANT,
                                "PATCH",
                                "/v2/templates/{templateID}",
                                "Publish or unpublish a template.",
                                this::publish)
                        .takes("TemplateUpdate")
                        .answers(200, "TemplateNames"),
                door.keyed(
                                KeyScope.TENANT,
                                "PATCH",
                                "/templates/{templateID}",
                                "Publish or unpublish a template.",
                                this::publish)
                        .takes("TemplateUpdate")
                        .answers(200, "TemplateNames"));
    }

    private void list(Exchange exchange, Caller caller) throws IOException {
        ArrayNode array = Exchange.JSON.createArrayNode();
        templates.list().forEach(template -> array.add(describe(template)));
        exchange.json(200, array);
    }

    private ObjectNode describe(Template template) {
        ObjectNode node = head(template);
        node.put("buildID", buildId(template));
        SandboxAnswers.sizes(node, settings.limits());
        node.putNull("createdBy");
        node.put("buildCount", 1);
        node.put("envdVersion", SandboxAnswers.ENVD_VERSION);
        node.put("buildStatus", READY);
        return node;
    }

    private static ObjectNode head(Template template) {
        ObjectNode node = Exchange.JSON.createObjectNode();
        node.put("templateID", template.id());
        node.put("public", true);
        ArrayNode aliases = node.putArray("aliases");
        ArrayNode names = node.putArray("names");
        template.names().forEach(name -> {
            aliases.add(name);
            names.add(name);
        });
        node.put("createdAt", template.createdAt().toString());
        node.put("updatedAt", template.createdAt().toString());
        node.putNull("lastSpawnedAt");
        return node;
    }

    /** A UUID, as clients want it, that is the same as long as the template is. */
    private static String buildId(Template template) {
        return UUID.nameUUIDFromBytes(template.digest().getBytes(StandardCharsets.UTF_8))
                .toString();
    }

    private void get(Exchange exchange, Caller caller) throws IOException {
        Template template = find(exchange, caller, "templateID");
        ObjectNode node = head(template);
        ObjectNode build = node.putArray("builds").addObject();
        build.put("buildID", buildId(template));
        build.put("status", READY);
        String at = template.createdAt().toString();
        build.put("createdAt", at).put("updatedAt", at).put("finishedAt", at);
        SandboxAnswers.sizes(build, settings.limits());
        build.put("envdVersion", SandboxAnswers.ENVD_VERSION);
        exchange.json(200, node);
    }

    private void exists(Exchange exchange, Caller caller) throws IOException {
        Template template = find(exchange, caller, "alias");
        exchange.json(200, Map.of("templateID", template.id(), "public", true));
    }

    private void tags(Exchange exchange, Caller caller) throws IOException {
        Template template = find(exchange, caller, "templateID");
        exchange.json(
                200,
                List.of(Map.of(
                        "tag",
                        TAG,
                        "buildID",
                        buildId(template),
                        "createdAt",
                        template.createdAt().toString())));
    }

    private void delete(Exchange exchange, Caller caller) throws IOException {
        Template template = find(exchange, caller, "templateID");
        if (template.isBase()) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST, "template '" + Templates.BASE + "' is built in and cannot be deleted");
        }
        host.removeTemplate(template.id());
        templates.forget();
        exchange.empty(204);
    }

    private void publish(Exchange exchange, Caller caller) throws IOException {
        Body body = Body.of(exchange);
        Template template = find(exchange, caller, "templateID");
        body.flag("public", true);
        exchange.json(200, Map.of("names", template.names()));
    }

    private Template find(Exchange exchange, Caller caller, String variable) {
        return templates.find(caller.tenant(), exchange.variable(variable)).template();
    }
}

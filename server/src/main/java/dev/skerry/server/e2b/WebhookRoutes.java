package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.webhooks.Delivery;
import dev.skerry.server.webhooks.EventType;
import dev.skerry.server.webhooks.Webhook;
import dev.skerry.server.webhooks.Webhooks;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Webhooks in the shapes of the E2B API; how deliveries go, and trying one out, are ours. */
final class WebhookRoutes {
    private static final String ID = "webhookID";
    private static final int DELIVERIES_MAX = 100;

    private final Webhooks webhooks;

    WebhookRoutes(Webhooks webhooks) {
        this.webhooks = webhooks;
    }

    List<Operation> operations(Door door) {
        return List.of(
                door.keyed(KeyScope.TENANT, "POST", "/events/webhooks", "Make a webhook.", this::create)
                        .takes("NewWebhook")
                        .answers(201, "Webhook"),
                door.keyed(KeyScope.TENANT, "GET", "/events/webhooks", "List webhooks.", this::list)
                        .answers(200, "[]Webhook"),
                door.keyed(KeyScope.TENANT, "GET", "/events/webhooks/{webhookID}", "Get a webhook.", this::get)
                        .answers(200, "Webhook"),
                door.keyed(KeyScope.TENANT, "PATCH", "/events/webhooks/{webhookID}", "Change a webhook.", this::edit)
                        .takes("WebhookUpdate")
                        .answers(200, "Webhook"),
                door.keyed(KeyScope.TENANT, "DELETE", "/events/webhooks/{webhookID}", "Delete a webhook.", this::delete)
                        .answers(200),
                door.keyed(
                                KeyScope.TENANT,
                                "GET",
                                "/skerry/v1/webhooks/{webhookID}/deliveries",
                                "The last attempts of a webhook, newest first.",
                                this::deliveries)
                        .queryNumber("limit", "1 to 100; 100 if absent.")
                        .answers(200, "[]WebhookDelivery"),
                door.keyed(
                                KeyScope.TENANT,
                                "POST",
                                "/skerry/v1/webhooks/{webhookID}/test",
                                "Post something to a webhook now, and say what came of it.",
                                this::test)
                        .answers(200, "WebhookDelivery"));
    }

    private static Webhooks.Wanted wanted(Body body) {
        return new Webhooks.Wanted(
                body.text("name"),
                body.text("url"),
                body.has("enabled") ? Optional.of(body.flag("enabled", true)) : Optional.empty(),
                body.list("events"),
                body.text("signatureSecret"));
    }

    private void create(Exchange exchange, Caller caller) throws IOException {
        Webhooks.Wanted wanted = wanted(Body.of(exchange));
        Webhooks.Created made = webhooks.create(caller.tenant(), wanted);
        ObjectNode node = describe(made.webhook());
        if (wanted.secret().isEmpty()) {
            node.put("signatureSecret", made.secret());
        }
        exchange.json(201, node);
    }

    private void list(Exchange exchange, Caller caller) throws IOException {
        ArrayNode array = Exchange.JSON.createArrayNode();
        webhooks.list(caller.tenant()).forEach(webhook -> array.add(describe(webhook)));
        exchange.json(200, array);
    }

    private void get(Exchange exchange, Caller caller) throws IOException {
        exchange.json(200, describe(webhooks.get(caller.tenant(), exchange.variable(ID))));
    }

    private void edit(Exchange exchange, Caller caller) throws IOException {
        Body body = Body.of(exchange);
        exchange.json(200, describe(webhooks.edit(caller.tenant(), exchange.variable(ID), wanted(body))));
    }

    private void delete(Exchange exchange, Caller caller) throws IOException {
        webhooks.delete(caller.tenant(), exchange.variable(ID));
        exchange.empty(200);
    }

    private void deliveries(Exchange exchange, Caller caller) throws IOException {
        int limit = Queries.limit(exchange, 1, DELIVERIES_MAX, DELIVERIES_MAX);
        ArrayNode array = Exchange.JSON.createArrayNode();
        webhooks.deliveries(caller.tenant(), exchange.variable(ID), limit)
                .forEach(delivery -> array.add(describe(delivery)));
        exchange.json(200, array);
    }

    private void test(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        exchange.json(200, describe(webhooks.test(caller.tenant(), exchange.variable(ID))));
    }

    private static ObjectNode describe(Webhook webhook) {
        ObjectNode node = Exchange.JSON.createObjectNode();
        node.put("id", webhook.id());
        node.put("teamId", webhook.tenant().text());
        node.put("teamID", webhook.tenant().text());
        node.put("name", webhook.name());
        node.put("createdAt", webhook.createdAt().toString());
        node.put("enabled", webhook.enabled());
        node.put("url", webhook.url().toString());
        ArrayNode events = node.putArray("events");
        webhook.events().stream().map(EventType::text).sorted().forEach(events::add);
        Webhook.Health health = webhook.health();
        ObjectNode own = node.putObject("skerry");
        own.put("state", health.word());
        time(own, "failingSince", health.failingSince());
        time(own, "nextAttemptAt", health.nextAt());
        time(own, "givenUpAt", health.givenUpAt());
        own.put("lastError", health.lastError());
        return node;
    }

    private static void time(ObjectNode node, String name, Optional<Instant> time) {
        time.ifPresentOrElse(at -> node.put(name, at.toString()), () -> node.putNull(name));
    }

    private static ObjectNode describe(Delivery delivery) {
        ObjectNode node = Exchange.JSON.createObjectNode();
        node.put("id", delivery.id());
        node.put("eventID", delivery.event());
        node.put("type", delivery.type());
        node.put("sandboxID", delivery.sandbox());
        node.put("at", delivery.at().toString());
        node.put("millis", delivery.took().toMillis());
        node.put("status", delivery.status());
        node.put("delivered", delivery.delivered());
        node.put("error", delivery.error());
        return node;
    }
}

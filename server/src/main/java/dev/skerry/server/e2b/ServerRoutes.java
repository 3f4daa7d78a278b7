package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.operations.Health;
import dev.skerry.server.operations.Health.Finding;
import dev.skerry.server.operations.ServerMetrics;
import dev.skerry.server.secrets.Resealer;
import dev.skerry.server.secrets.Secret;
import dev.skerry.server.tenants.KeyScope;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What is asked of the server itself. Its health is open, as load balancers have no key; the words of the checks, which
 * tell how it is built, and the metrics, which tell what all tenants do, are for its operator.
 */
final class ServerRoutes {
    private static final int UNAVAILABLE = 503;

    private final Health health;
    private final ServerMetrics metrics;
    private final Resealer secrets;

    ServerRoutes(Health health, ServerMetrics metrics, Resealer secrets) {
        this.health = health;
        this.metrics = metrics;
        this.secrets = secrets;
    }

    List<Operation> operations(Door door) {
        return List.of(
                door.open("GET", "/health", "Whether the server answers.", exchange -> exchange.empty(204))
                        .answers(204),
                door.open("GET", "/health/live", "Whether the server answers.", ServerRoutes::live)
                        .answers(200, "Live"),
                door.open("GET", "/health/ready", "Whether the server may be sent requests.", this::ready)
                        .answers(200, "Ready")
                        .answers(UNAVAILABLE, "Ready"),
                door.open(
                                "GET",
                                "/health/deep",
                                "Everything that the server depends on; with a key of scope admin also in words.",
                                exchange -> deep(exchange, door.isKnown(exchange, KeyScope.ADMIN)))
                        .answers(200, "Deep")
                        .answers(UNAVAILABLE, "Deep"),
                door.keyed(KeyScope.ADMIN, "GET", "/metrics", "Metrics, as Prometheus reads them.", this::metrics)
                        .answers(200, "text"),
                door.keyed(
                                KeyScope.ADMIN,
                                "GET",
                                "/skerry/v1/secrets",
                                "The names of the instance's secrets, and how much is encrypted with each.",
                                this::secrets)
                        .answers(200, "[]Secret"));
    }

    private static void live(Exchange exchange) throws IOException {
        exchange.json(200, Map.of("status", "live"));
    }

    private void ready(Exchange exchange) throws IOException, InterruptedException {
        Health.Report report = health.report();
        String status = report.ready() ? "ready" : report.draining() ? "draining" : "failing";
        exchange.json(report.ready() ? 200 : UNAVAILABLE, Map.of("status", status));
    }

    private void deep(Exchange exchange, boolean known) throws IOException, InterruptedException {
        Health.Report report = health.report();
        ObjectNode root = Exchange.JSON.createObjectNode();
        root.put("status", report.well() ? "ok" : report.ready() ? "degraded" : "failing");
        root.put("draining", report.draining());
        ArrayNode checks = root.putArray("checks");
        for (Finding finding : report.findings()) {
            ObjectNode check = checks.addObject();
            check.put("name", finding.name());
            check.put("needed", finding.needed());
            check.put("state", finding.state().name().toLowerCase(Locale.ROOT));
            check.put("millis", finding.took().toMillis());
            if (known) {
                check.put("detail", finding.detail());
            }
        }
        exchange.json(report.ready() ? 200 : UNAVAILABLE, root);
    }

    private void secrets(Exchange exchange, Caller caller) throws IOException {
        Map<String, Long> sealed = secrets.sealedBy();
        List<Secret> known = secrets.secrets();
        ArrayNode array = Exchange.JSON.createArrayNode();
        for (Secret secret : known) {
            ObjectNode node = array.addObject();
            node.put("id", secret.id());
            node.put("current", secret.equals(known.getFirst()));
            node.put("since", secret.since().map(Instant::toString).orElse(null));
            node.put("sealed", sealed.getOrDefault(secret.id(), 0L));
        }
        exchange.json(200, array);
    }

    private void metrics(Exchange exchange, Caller caller) throws IOException {
        exchange.bytes(200, ServerMetrics.CONTENT_TYPE, metrics.text().getBytes(StandardCharsets.UTF_8));
    }
}

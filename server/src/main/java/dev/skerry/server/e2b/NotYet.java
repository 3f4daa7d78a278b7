package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.tenants.KeyScope;
import java.io.IOException;
import java.util.List;

/**
 * What clients may ask for and this server does not have yet. The status is 501 and not 503, which clients take for
 * something that passes.
 */
final class NotYet {
    static final int STATUS = 501;

    private NotYet() {}

    static void answer(Exchange exchange, String what) throws IOException {
        E2bErrors.answer(exchange, STATUS, what + " are not supported by this server yet");
    }

    static List<Operation> operations(Door door) {
        String builds = "builds of templates";
        return List.of(
                refusal(door, "POST", "/v3/templates", builds),
                refusal(door, "POST", "/v2/templates", builds),
                refusal(door, "POST", "/templates", builds),
                refusal(door, "POST", "/templates/{templateID}", builds),
                refusal(door, "GET", "/templates/{templateID}/files/{hash}", builds),
                refusal(door, "POST", "/templates/{templateID}/builds/{buildID}", builds),
                refusal(door, "POST", "/v2/templates/{templateID}/builds/{buildID}", builds),
                refusal(door, "GET", "/templates/{templateID}/builds/{buildID}/status", builds),
                refusal(door, "GET", "/templates/{templateID}/builds/{buildID}/logs", builds),
                refusal(door, "POST", "/templates/tags", "changes of tags"),
                refusal(door, "DELETE", "/templates/tags", "changes of tags"),
                refusal(door, "GET", "/volumes", "volumes"),
                refusal(door, "POST", "/volumes", "volumes"),
                refusal(door, "GET", "/volumes/{volumeID}", "volumes"),
                refusal(door, "DELETE", "/volumes/{volumeID}", "volumes"),
                refusal(door, "GET", "/secrets", "secrets"),
                refusal(door, "POST", "/secrets", "secrets"),
                refusal(door, "GET", "/secrets/{secretID}", "secrets"),
                refusal(door, "POST", "/secrets/{secretID}", "secrets"),
                refusal(door, "DELETE", "/secrets/{secretID}", "secrets"));
    }

    private static Operation refusal(Door door, String method, String template, String what) {
        return door.keyed(
                method.equals("GET") ? KeyScope.READ : KeyScope.SANDBOXES,
                method,
                template,
                "Not yet: " + what + ".",
                (exchange, _) -> answer(exchange, what));
    }
}

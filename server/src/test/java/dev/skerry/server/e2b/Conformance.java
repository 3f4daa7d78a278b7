package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.openapi.OpenApiDocument;
import dev.skerry.server.openapi.Operation;
import java.util.List;
import java.util.Locale;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Holds answers against the OpenAPI document: as much of JSON Schema as that uses. */
final class Conformance {
    private final ObjectNode document;
    private final List<Operation> operations;

    Conformance(List<Operation> operations) {
        this.operations = operations;
        this.document = OpenApiDocument.of("test", operations);
    }

    /** @param path without query */
    void check(String method, String path, int status, JsonNode body) {
        Operation operation = operations.stream()
                .filter(each -> each.route().method().equals(method)
                        && path.matches(each.route().template().replaceAll("\\{[^}]*}", "[^/]+")))
                .min((a, b) -> a.route().template().split("\\{", -1).length
                        - b.route().template().split("\\{", -1).length)
                .orElseThrow();
        JsonNode responses = document.get("paths")
                .get(operation.route().template())
                .get(method.toLowerCase(Locale.ROOT))
                .get("responses");
        JsonNode response = responses.get(String.valueOf(status));
        String where = method + " " + path + " " + status;
        if (response == null) {
            assertThat(status).as(where + " is documented").isGreaterThanOrEqualTo(400);
            response = responses.get("default");
        }
        JsonNode content = response.get("content");
        if (content == null) {
            assertThat(body.isEmpty()).as(where + " has no content").isTrue();
        } else if (content.has("application/json")) {
            check(where, content.get("application/json").get("schema"), body);
        }
    }

    private void check(String where, JsonNode schema, JsonNode value) {
        if (schema.has("$ref")) {
            String name = schema.get("$ref").stringValue().replaceFirst(".*/", "");
            check(where, document.get("components").get("schemas").get(name), value);
            return;
        }
        List<String> types = schema.get("type").isArray()
                ? StreamSupport.stream(schema.get("type").spliterator(), false)
                        .map(JsonNode::stringValue)
                        .toList()
                : List.of(schema.get("type").stringValue());
        assertThat(types).as(where + ": " + value).containsAnyElementsOf(typesOf(value));
        if (schema.has("enum")) {
            assertThat(schema.get("enum").toString()).as(where).contains(value.toString());
        }
        if (value.isArray()) {
            value.forEach(item -> check(where + "[]", schema.get("items"), item));
        } else if (value.isObject()) {
            object(where, schema, value);
        }
    }

    private void object(String where, JsonNode schema, JsonNode value) {
        if (schema.has("required")) {
            schema.get("required").forEach(name -> assertThat(value.has(name.stringValue()))
                    .as(where + "." + name + " is there")
                    .isTrue());
        }
        JsonNode known = schema.has("properties") ? schema.get("properties") : Exchange.JSON.createObjectNode();
        value.properties().forEach(entry -> {
            String place = where + "." + entry.getKey();
            if (known.has(entry.getKey())) {
                check(place, known.get(entry.getKey()), entry.getValue());
            } else {
                assertThat(schema.has("additionalProperties"))
                        .as(place + " is documented")
                        .isTrue();
                if (schema.get("additionalProperties").isObject()) {
                    check(place, schema.get("additionalProperties"), entry.getValue());
                }
            }
        });
    }

    private static List<String> typesOf(JsonNode value) {
        if (value.isIntegralNumber()) {
            return List.of("integer", "number");
        }
        return List.of(
                value.isNull()
                        ? "null"
                        : value.isObject()
                                ? "object"
                                : value.isArray()
                                        ? "array"
                                        : value.isBoolean() ? "boolean" : value.isNumber() ? "number" : "string");
    }
}

package dev.skerry.server.openapi;

import dev.skerry.server.http.Exchange;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** An OpenAPI 3.1 document, made of the table of operations and of schemas that are kept as a resource. */
public final class OpenApiDocument {
    private static final String SCHEMAS = "/openapi/schemas.json";
    private static final String REFERENCE = "#/components/schemas/";
    private static final String JSON = "application/json";

    private final JsonNode schemas = schemas();

    private OpenApiDocument() {}

    /** @param version of the server */
    public static ObjectNode of(String version, List<Operation> operations) {
        return new OpenApiDocument().document(version, operations);
    }

    private static JsonNode schemas() {
        try (InputStream in = OpenApiDocument.class.getResourceAsStream(SCHEMAS)) {
            if (in == null) {
                throw new IllegalStateException(SCHEMAS + " is missing");
            }
            return Exchange.JSON.readTree(in);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private ObjectNode document(String version, List<Operation> operations) {
        ObjectNode root = Exchange.JSON.createObjectNode();
        root.put("openapi", "3.1.0");
        root.putObject("info").put("title", "Skerry").put("version", version);
        ObjectNode paths = root.putObject("paths");
        for (Operation operation : operations) {
            JsonNode path = paths.get(operation.route().template());
            ObjectNode methods = path instanceof ObjectNode known
                    ? known
                    : paths.putObject(operation.route().template());
            methods.set(operation.route().method().toLowerCase(Locale.ROOT), describe(operation));
        }
        ObjectNode components = root.putObject("components");
        components.set("schemas", schemas);
        ObjectNode security = components.putObject("securitySchemes");
        security.putObject("ApiKey").put("type", "apiKey").put("in", "header").put("name", "X-API-Key");
        security.putObject("Bearer").put("type", "http").put("scheme", "bearer");
        return root;
    }

    private ObjectNode describe(Operation operation) {
        ObjectNode node = Exchange.JSON.createObjectNode();
        node.put("operationId", operationId(operation));
        node.put("summary", operation.route().summary());
        node.putArray("tags").add(tag(operation.route().template()));
        var security = node.putArray("security");
        if (!operation.open()) {
            security.addObject().putArray("ApiKey");
            security.addObject().putArray("Bearer");
        }
        operation.scope().ifPresent(scope -> node.put("x-skerry-scope", scope.label()));
        parameters(node, operation);
        if (!operation.takes().isEmpty()) {
            content(node.putObject("requestBody"), operation.takes());
        }
        ObjectNode responses = node.putObject("responses");
        operation.answers().forEach((status, shape) -> {
            ObjectNode response = responses.putObject(String.valueOf(status));
            response.put("description", shape.isEmpty() ? "Done." : "The answer.");
            if (!shape.isEmpty()) {
                content(response, shape);
            }
        });
        content(responses.putObject("default").put("description", "What was wrong."), operation.errors());
        return node;
    }

    private static void parameters(ObjectNode node, Operation operation) {
        var parameters = node.putArray("parameters");
        for (String segment : operation.route().template().split("/", -1)) {
            if (segment.startsWith("{")) {
                ObjectNode parameter = parameters.addObject();
                parameter.put("name", segment.substring(1, segment.length() - 1));
                parameter.put("in", "path").put("required", true);
                parameter.putObject("schema").put("type", "string");
            }
        }
        for (Operation.Parameter query : operation.query()) {
            ObjectNode parameter = parameters.addObject();
            parameter.put("name", query.name()).put("in", "query").put("description", query.description());
            parameter.putObject("schema").put("type", query.type());
        }
    }

    private void content(ObjectNode place, String shape) {
        ObjectNode content = place.putObject("content");
        if (shape.equals("text")) {
            content.putObject("text/plain").putObject("schema").put("type", "string");
            return;
        }
        ObjectNode schema = content.putObject(JSON).putObject("schema");
        String name = shape;
        if (shape.startsWith("[]")) {
            name = shape.substring(2);
            schema = schema.put("type", "array").putObject("items");
        }
        if (!schemas.has(name)) {
            throw new IllegalStateException("there is no schema '" + name + "'");
        }
        schema.put("$ref", REFERENCE + name);
    }

    private static String operationId(Operation operation) {
        return operation.route().method().toLowerCase(Locale.ROOT)
                + Arrays.stream(operation.route().template().split("[^A-Za-z0-9]+", -1))
                        .filter(word -> !word.isEmpty())
                        .map(word -> word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1))
                        .collect(Collectors.joining());
    }

    /** The first segment that is not a version. */
    private static String tag(String template) {
        return Arrays.stream(template.split("/", -1))
                .filter(segment -> !segment.isEmpty() && !segment.matches("v[0-9]+"))
                .findFirst()
                .orElse("server");
    }
}

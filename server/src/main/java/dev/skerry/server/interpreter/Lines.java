package dev.skerry.server.interpreter;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Lines of an answer: one JSON object each, in ASCII only, because clients decode what they receive piece by piece and
 * a character of several bytes could be torn.
 */
final class Lines {
    static final JsonMapper JSON =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    /** Says nothing; writing it shows whether the client is still there. Clients ignore types they do not know. */
    static final byte[] KEEPALIVE = "{\"type\":\"keepalive\"}\n".getBytes(StandardCharsets.US_ASCII);

    static final byte[] END = "{\"type\":\"end_of_execution\"}\n".getBytes(StandardCharsets.US_ASCII);

    private Lines() {}

    static byte[] line(JsonNode object) {
        return (JSON.writeValueAsString(object) + "\n").getBytes(StandardCharsets.US_ASCII);
    }

    /** @param stream {@code stdout} or {@code stderr} */
    static byte[] output(String stream, String text, Instant at) {
        ObjectNode object = JSON.createObjectNode();
        object.put("type", stream);
        object.put("text", text);
        object.put("timestamp", at.getEpochSecond() * 1_000_000_000L + at.getNano());
        return line(object);
    }

    static byte[] error(String name, String value, String traceback) {
        ObjectNode object = JSON.createObjectNode();
        object.put("type", "error");
        object.put("name", name);
        object.put("value", value);
        object.put("traceback", traceback);
        return line(object);
    }

    static byte[] count(long executions) {
        ObjectNode object = JSON.createObjectNode();
        object.put("type", "number_of_executions");
        object.put("execution_count", executions);
        return line(object);
    }

    /** Whether it is one JSON object and nothing else, in ASCII without line ends. Builds nothing of it. */
    static boolean isObject(byte[] json) {
        for (byte one : json) {
            if (one < ' ') {
                return false;
            }
        }
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return false;
            }
            parser.skipChildren();
            return parser.nextToken() == null;
        } catch (JacksonException e) {
            return false;
        }
    }
}

package dev.skerry.cli.client;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a server's refusals mean to us: by HTTP status, or by the code of a Connect error. */
final class Refusals {
    private static final int WORDS_MAX = 2000;

    private Refusals() {}

    /** @param body an error of the E2B API, of Connect or of a gateway; or anything else, shown as it is */
    static Failure of(int status, byte[] body, String what) {
        Optional<JsonNode> json = object(body);
        String message = json.map(object -> object.path("message").asString(""))
                .filter(text -> !text.isBlank())
                .orElseGet(() -> words(status, body, what));
        Optional<String> connectCode = json.map(object -> object.path("code"))
                .filter(JsonNode::isString)
                .map(JsonNode::stringValue);
        String hint = json.map(object -> object.path("hint").asString("")).orElse("");
        return new Failure(connectCode.map(Refusals::code).orElseGet(() -> code(status)), message, hint);
    }

    /** @param error the member {@code error} of the end of a stream */
    static Failure of(JsonNode error) {
        String code = error.path("code").asString("unknown");
        String message = error.path("message").asString("");
        return new Failure(code(code), message.isBlank() ? "the server says: " + code : message);
    }

    private static Optional<JsonNode> object(byte[] body) {
        try {
            return Optional.of(JsonMapper.shared().readTree(body)).filter(JsonNode::isObject);
        } catch (JacksonException e) {
            return Optional.empty();
        }
    }

    private static String words(int status, byte[] body, String what) {
        String text = new String(body, StandardCharsets.UTF_8).strip();
        String shown = text.length() > WORDS_MAX ? text.substring(0, WORDS_MAX) + "…" : text;
        return "the server answered " + what + " with status " + status + (shown.isEmpty() ? "" : ": " + shown);
    }

    private static ErrorCode code(int status) {
        return switch (status) {
            case 400, 406, 413, 415, 422 -> ErrorCode.INVALID_REQUEST;
            case 401 -> ErrorCode.UNAUTHENTICATED;
            case 403 -> ErrorCode.DENIED;
            case 404, 410 -> ErrorCode.NOT_FOUND;
            case 405 -> ErrorCode.METHOD_NOT_ALLOWED;
            case 409 -> ErrorCode.CONFLICT;
            case 429 -> ErrorCode.LIMIT_EXCEEDED;
            case 501 -> ErrorCode.UNSUPPORTED;
            case 502 -> ErrorCode.SANDBOX_GONE;
            case 503 -> ErrorCode.NO_CAPACITY;
            case 504 -> ErrorCode.DEADLINE_EXCEEDED;
            case 507 -> ErrorCode.NO_SPACE;
            default -> ErrorCode.INTERNAL;
        };
    }

    /** The names that the Connect protocol gives its codes. */
    private static ErrorCode code(String name) {
        return switch (name) {
            case "invalid_argument", "failed_precondition", "out_of_range" -> ErrorCode.INVALID_REQUEST;
            case "unauthenticated" -> ErrorCode.UNAUTHENTICATED;
            case "permission_denied" -> ErrorCode.DENIED;
            case "not_found" -> ErrorCode.NOT_FOUND;
            case "already_exists", "aborted" -> ErrorCode.CONFLICT;
            case "resource_exhausted" -> ErrorCode.LIMIT_EXCEEDED;
            case "unimplemented" -> ErrorCode.UNSUPPORTED;
            case "unavailable" -> ErrorCode.SANDBOX_GONE;
            case "deadline_exceeded", "canceled" -> ErrorCode.DEADLINE_EXCEEDED;
            default -> ErrorCode.INTERNAL;
        };
    }
}

package dev.skerry.wire.jobs;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.FieldWriter;
import dev.skerry.wire.FieldsText;
import java.util.List;
import java.util.Map;

/**
 * What a job says of its process's arguments and environment, checked: no more than execve(2) takes and one request to
 * a sandbox holds, with room for what is added there.
 */
final class ProcessTexts {
    static final int COUNT_MAX = 3_000;
    static final int BYTES_MAX = 384 << 10;

    private ProcessTexts() {}

    /** @throws Failure {@code INVALID_REQUEST} */
    static List<String> arguments(List<String> arguments) {
        check("arguments", arguments);
        return List.copyOf(arguments);
    }

    /** @throws Failure {@code INVALID_REQUEST} */
    static Map<String, String> environment(Map<String, String> variables) {
        variables.keySet().forEach(name -> {
            if (name.isEmpty() || name.indexOf('=') >= 0) {
                throw new Failure(
                        ErrorCode.INVALID_REQUEST,
                        FieldsText.shown(name) + " is not a name of an environment variable");
            }
        });
        check(
                "environment",
                variables.entrySet().stream()
                        .map(variable -> variable.getKey() + "=" + variable.getValue())
                        .toList());
        return Map.copyOf(variables);
    }

    private static void check(String what, List<String> texts) {
        if (texts.size() > COUNT_MAX) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    what + " of " + texts.size() + " texts; a program may have " + COUNT_MAX);
        }
        long bytes = 0;
        for (String text : texts) {
            int length = FieldsText.encode(text).length;
            if (length > FieldWriter.TEXT_BYTES_MAX) {
                throw new Failure(
                        ErrorCode.INVALID_REQUEST,
                        what + " with a text of " + length + " bytes; one may have " + FieldWriter.TEXT_BYTES_MAX);
            }
            bytes += length;
        }
        if (bytes > BYTES_MAX) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST, what + " of " + bytes + " bytes; a program may have " + BYTES_MAX);
        }
    }
}

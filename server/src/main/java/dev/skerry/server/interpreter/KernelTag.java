package dev.skerry.server.interpreter;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The label of a kernel's process: all that a server needs to find a context of its predecessor. Only the server sees
 * labels, so they may hold the token.
 *
 * @param standing one of those that are there without being made
 */
record KernelTag(String context, Language language, boolean standing, String token, String folder) {
    /** What the label of every kernel begins with; processes so labelled are ours, not the tenant's. */
    static final String PREFIX = "skerry.kernel.1 ";

    private static final int FOLDER_BYTES_MAX = 150;
    private static final int FIELDS = 5;

    KernelTag {
        if (folder.getBytes(StandardCharsets.UTF_8).length > FOLDER_BYTES_MAX) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'cwd' has more than " + FOLDER_BYTES_MAX + " bytes",
                    "change to it in the code");
        }
    }

    String text() {
        return PREFIX + String.join(" ", context, language.name(), standing ? "standing" : "made", token, folder);
    }

    static Optional<KernelTag> of(String text) {
        if (!text.startsWith(PREFIX)) {
            return Optional.empty();
        }
        List<String> fields = Arrays.asList(text.substring(PREFIX.length()).split(" ", FIELDS));
        if (fields.size() != FIELDS) {
            return Optional.empty();
        }
        return Arrays.stream(Language.values())
                .filter(language -> language.name().equals(fields.get(1)))
                .findFirst()
                .map(language -> new KernelTag(
                        fields.get(0), language, fields.get(2).equals("standing"), fields.get(3), fields.get(4)));
    }
}

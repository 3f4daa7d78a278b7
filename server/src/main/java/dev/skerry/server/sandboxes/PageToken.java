package dev.skerry.server.sandboxes;

import dev.skerry.server.database.Micros;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a page ended. It names the last sandbox shown, not how many were, so what is created or ends meanwhile neither
 * repeats nor hides another.
 */
record PageToken(long createdAtMicros, String id) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,18})_([0-9a-z]{" + SandboxId.LENGTH + "})");

    static PageToken of(Sandbox last) {
        return new PageToken(Micros.of(last.createdAt()), last.id().text());
    }

    static PageToken parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "the token for the next page is not valid",
                    "use what the page before has returned, as it is");
        }
        return new PageToken(Long.parseLong(matcher.group(1)), matcher.group(2));
    }

    String text() {
        return createdAtMicros + "_" + id;
    }
}

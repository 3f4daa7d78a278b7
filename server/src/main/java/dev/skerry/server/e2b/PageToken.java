package dev.skerry.server.e2b;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** Where a list goes on, as clients hand it back: bound to the order of the list that it belongs to. */
final class PageToken {
    private static final int LENGTH_MAX = 512;

    private PageToken() {}

    static String of(String after, boolean newestFirst) {
        byte[] text = (prefix(newestFirst) + after).getBytes(StandardCharsets.UTF_8);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text);
    }

    /** @throws Failure {@code INVALID_REQUEST} */
    static String after(String token, boolean newestFirst) {
        try {
            if (token.length() <= LENGTH_MAX) {
                String text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
                if (text.startsWith(prefix(newestFirst))) {
                    return text.substring(prefix(newestFirst).length());
                }
            }
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        throw new Failure(
                ErrorCode.INVALID_REQUEST,
                "'nextToken' is not of this list",
                "send back what the header X-Next-Token said, with the same 'order'");
    }

    private static String prefix(boolean newestFirst) {
        return newestFirst ? "1d:" : "1a:";
    }
}

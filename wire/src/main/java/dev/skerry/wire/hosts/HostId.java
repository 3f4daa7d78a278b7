package dev.skerry.wire.hosts;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.regex.Pattern;

/** Names a host: up to 63 of a-z, 0-9 and '-', as in DNS. */
public record HostId(String text) {
    private static final Pattern FORM = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

    public HostId {
        if (!FORM.matcher(text).matches()) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST, "'" + text + "' is not the name of a host", "use a-z, 0-9 and '-'");
        }
    }

    @Override
    public String toString() {
        return text;
    }
}

package dev.skerry.server.tenants;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.regex.Pattern;

/** Names a tenant: up to 63 of a-z, 0-9 and '-'. */
public record TenantId(String text) {
    // Before the constant below, whose constructor needs it.
    private static final Pattern FORM = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

    /** The one that exists from the first start. */
    public static final TenantId DEFAULT = new TenantId("default");

    /** Whose is what runs without a key, where that may be. */
    public static final TenantId ANONYMOUS = new TenantId("anonymous");

    public TenantId {
        if (!isLegal(text)) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST, "'" + text + "' is not the name of a tenant", "use a-z, 0-9 and '-'");
        }
    }

    /** Whether it could be the name of one. */
    public static boolean isLegal(String text) {
        return FORM.matcher(text).matches();
    }

    @Override
    public String toString() {
        return text;
    }
}

package dev.skerry.server.tenants;

import dev.skerry.server.secrets.Secret;
import dev.skerry.server.secrets.Secrets;
import dev.skerry.wire.SandboxId;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;

/**
 * The tokens of sandboxes. They are not stored: each is HMAC-SHA-256 (RFC 2104) over its purpose and the sandbox's id
 * with the instance's secret, so it is the same after a pause or a restart. Thread-safe.
 */
public final class SandboxTokens {
    private static final String ALGORITHM = "HmacSHA256";

    /** What a token opens. */
    public enum Purpose {
        /** Processes and files. */
        ENVD,
        /** Ports of a sandbox whose traffic is not public. */
        TRAFFIC
    }

    private final Secrets secrets;

    public SandboxTokens(Secrets secrets) {
        this.secrets = secrets;
    }

    /** The one to hand out. */
    public String token(Purpose purpose, SandboxId id) {
        return token(secrets.current(), purpose, id);
    }

    /** All that are accepted: those of earlier secrets too, until these are retired. */
    public List<String> accepted(Purpose purpose, SandboxId id) {
        return secrets.accepted().stream()
                .map(secret -> token(secret, purpose, id))
                .toList();
    }

    private static String token(Secret secret, Purpose purpose, SandboxId id) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(secret.key(ALGORITHM));
            byte[] input = (purpose.name() + ":" + id.text()).getBytes(StandardCharsets.US_ASCII);
            return HexFormat.of().formatHex(mac.doFinal(input));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** In a time that does not depend on where they differ. */
    public boolean matches(Purpose purpose, SandboxId id, String given) {
        byte[] presented = given.getBytes(StandardCharsets.UTF_8);
        boolean matches = false;
        for (String token : accepted(purpose, id)) {
            matches |= MessageDigest.isEqual(token.getBytes(StandardCharsets.US_ASCII), presented);
        }
        return matches;
    }
}

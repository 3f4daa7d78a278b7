package dev.skerry.server.tenants;

import dev.skerry.wire.SandboxId;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

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

    private final SecretKeySpec key;

    /** @param secret at least 32 bytes */
    public SandboxTokens(byte[] secret) {
        if (secret.length < 32) {
            throw new IllegalArgumentException("a secret of " + secret.length + " bytes");
        }
        this.key = new SecretKeySpec(secret, ALGORITHM);
    }

    public String token(Purpose purpose, SandboxId id) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            byte[] input = (purpose.name() + ":" + id.text()).getBytes(StandardCharsets.US_ASCII);
            return HexFormat.of().formatHex(mac.doFinal(input));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** In a time that does not depend on where they differ. */
    public boolean matches(Purpose purpose, SandboxId id, String given) {
        return MessageDigest.isEqual(
                token(purpose, id).getBytes(StandardCharsets.US_ASCII), given.getBytes(StandardCharsets.UTF_8));
    }
}

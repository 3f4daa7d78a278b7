package dev.skerry.server.webhooks;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * By what a receiver knows that a delivery is ours. E2B's signature is a plain hash of secret and body: whoever has one
 * can send the same delivery again at any time. Ours is a MAC that covers the time too.
 */
final class Signature {
    private Signature() {}

    /** @param at of this attempt */
    static Map<String, String> headers(String webhook, String delivery, String secret, byte[] body, Instant at) {
        String seconds = String.valueOf(at.getEpochSecond());
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("e2b-webhook-id", webhook);
        headers.put("e2b-delivery-id", delivery);
        headers.put("e2b-signature-version", "v1");
        headers.put("e2b-signature", hash(secret, body));
        headers.put("skerry-timestamp", seconds);
        headers.put("skerry-signature", "v1=" + mac(secret, seconds, body));
        return headers;
    }

    /** Base64url, without padding, of SHA-256 of secret and body. */
    static String hash(String secret, byte[] body) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(secret.getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(digest.digest(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Hexadecimal HMAC-SHA-256 of the seconds, a full stop and the body. */
    static String mac(String secret, String seconds, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            mac.update((seconds + ".").getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}

package dev.skerry.server.envd;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Optional;

/**
 * What makes a URL of {@code /files} good for one path, one direction and one user without the token: {@code v1_} and
 * the base 64, unpadded, of the SHA-256 of {@code path:operation:user:token[:expiration]}, all as in the query.
 */
record FileSignature(String path, Operation operation, String user, Optional<String> expiration) {
    /** Directions. */
    enum Operation {
        READ("read"),
        WRITE("write");

        private final String word;

        Operation(String word) {
            this.word = word;
        }
    }

    String sign(String token) {
        String text = path + ":" + operation.word + ":" + user + ":" + token
                + expiration.map(seconds -> ":" + seconds).orElse("");
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return "v1_" + Base64.getEncoder().withoutPadding().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** In a time that does not depend on where they differ. */
    boolean matches(String token, String given) {
        return MessageDigest.isEqual(
                sign(token).getBytes(StandardCharsets.UTF_8), given.getBytes(StandardCharsets.UTF_8));
    }

    /** Text that is no number is over, too. */
    boolean expired(long nowSeconds) {
        try {
            return expiration.isPresent() && Long.parseLong(expiration.get()) < nowSeconds;
        } catch (NumberFormatException e) {
            return true;
        }
    }
}

package dev.skerry.server.secrets;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/** 32 random bytes, and a name for them that can be shown: the beginning of a hash. */
public final class Secret {
    static final int BYTES = 32;

    /** Hexadecimal digits of {@link #id}. */
    static final int ID_LENGTH = 8;

    private final byte[] bytes;
    private final String id;
    private final Optional<Instant> since;

    /** @param since when it became the one that is used, if that is known */
    public Secret(byte[] bytes, Optional<Instant> since) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("a secret of " + bytes.length + " bytes");
        }
        this.bytes = bytes.clone();
        this.since = since;
        this.id = digest(bytes).substring(0, ID_LENGTH);
    }

    private static String digest(byte[] bytes) {
        try {
            MessageDigest hash = MessageDigest.getInstance("SHA-256");
            hash.update("skerry secret:".getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(hash.digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Eight hexadecimal digits; says nothing of the secret. */
    public String id() {
        return id;
    }

    public Optional<Instant> since() {
        return since;
    }

    /** For a Mac or for the derivation of a key. */
    public SecretKey key(String algorithm) {
        return new SecretKeySpec(bytes, algorithm);
    }

    byte[] bytes() {
        return bytes.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Secret secret && Arrays.equals(bytes, secret.bytes);
    }

    @Override
    public int hashCode() {
        return id.hashCode();
    }

    @Override
    public String toString() {
        return "Secret[" + id + "]";
    }
}

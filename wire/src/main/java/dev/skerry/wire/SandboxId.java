package dev.skerry.wire;

import java.math.BigInteger;
import java.security.SecureRandom;
import java.time.Instant;

/**
 * A sandbox's id: a UUIDv7 (RFC 9562: 48 bits of Unix milliseconds, the rest random) written as 25 lower-case base-36
 * characters, so that it sorts by age and is a valid DNS label, cgroup name and file name.
 */
public record SandboxId(String text) implements Comparable<SandboxId> {
    /** Characters of an id; 36^25 is just over 2^128. */
    public static final int LENGTH = 25;

    /** 2^128 - 1; as long as an id, and digits sort before letters. */
    private static final String LAST =
            BigInteger.ONE.shiftLeft(128).subtract(BigInteger.ONE).toString(36);

    public SandboxId {
        if (!isId(text)) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'" + text + "' is not a sandbox id",
                    "an id is 25 characters of 0-9 and a-z");
        }
    }

    public static SandboxId create(Instant now, SecureRandom random) {
        byte[] bytes = new byte[16];
        random.nextBytes(bytes);
        long millis = now.toEpochMilli();
        for (int i = 0; i < 6; i++) {
            bytes[i] = (byte) (millis >>> (40 - 8 * i));
        }
        bytes[6] = (byte) (0x70 | (bytes[6] & 0x0f));
        bytes[8] = (byte) (0x80 | (bytes[8] & 0x3f));
        String digits = new BigInteger(1, bytes).toString(36);
        return new SandboxId("0".repeat(LENGTH - digits.length()) + digits);
    }

    /** Asked for every request to a sandbox. */
    private static boolean isId(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if ((c < '0' || c > '9') && (c < 'a' || c > 'z')) {
                return false;
            }
        }
        return text.length() == LENGTH && text.compareTo(LAST) <= 0;
    }

    @Override
    public int compareTo(SandboxId other) {
        return text.compareTo(other.text);
    }

    @Override
    public String toString() {
        return text;
    }
}

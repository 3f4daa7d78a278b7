package dev.skerry.wire;

import java.math.BigInteger;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.regex.Pattern;

/**
 * A sandbox's id: a UUIDv7 (RFC 9562: 48 bits of Unix milliseconds, the rest random) written as 25 lower-case base-36
 * characters, so that it sorts by age and is a valid DNS label, cgroup name and file name.
 */
public record SandboxId(String text) implements Comparable<SandboxId> {
    /** Characters of an id; 36^25 is just over 2^128. */
    public static final int LENGTH = 25;

    private static final Pattern FORM = Pattern.compile("[0-9a-z]{25}");
    private static final BigInteger VALUES = BigInteger.ONE.shiftLeft(128);

    public SandboxId {
        if (!FORM.matcher(text).matches() || new BigInteger(text, 36).compareTo(VALUES) >= 0) {
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

    @Override
    public int compareTo(SandboxId other) {
        return text.compareTo(other.text);
    }

    @Override
    public String toString() {
        return text;
    }
}

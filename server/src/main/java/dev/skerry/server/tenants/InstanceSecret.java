package dev.skerry.server.tenants;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;

/** The secret from which sandboxes' tokens are derived: 32 random bytes in a file that only its owner can read. */
public final class InstanceSecret {
    private static final int BYTES = 32;
    private static final Set<PosixFilePermission> OWNER =
            Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    private InstanceSecret() {}

    /** Reads it; makes it at the first call. Safe against several first calls at a time. */
    public static byte[] open(Path dataFolder) {
        Path file = dataFolder.resolve("secret");
        try {
            try {
                return read(file);
            } catch (NoSuchFileException e) {
                make(file);
                return read(file);
            }
        } catch (IOException e) {
            throw new Failure(ErrorCode.UNSUPPORTED, "the secret " + file + " cannot be used: " + e.getMessage(), e);
        }
    }

    private static byte[] read(Path file) throws IOException {
        String text = Files.readString(file).strip();
        if (!Files.getPosixFilePermissions(file).equals(OWNER)) {
            Files.setPosixFilePermissions(file, OWNER); // a restored backup may have others
        }
        try {
            byte[] secret = HexFormat.of().parseHex(text);
            if (secret.length == BYTES) {
                return secret;
            }
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        throw new Failure(
                ErrorCode.CONFLICT,
                file + " does not hold " + BYTES + " bytes in hexadecimal",
                "restore it from a backup; deleting it makes every token of a sandbox invalid");
    }

    /** Written and synced under another name, then linked: nobody reads half a secret, and of two the first counts. */
    private static void make(Path file) throws IOException {
        byte[] secret = new byte[BYTES];
        SecureRandom random = new SecureRandom();
        random.nextBytes(secret);
        Path fresh = file.resolveSibling("secret." + Long.toHexString(random.nextLong()));
        var owner = PosixFilePermissions.asFileAttribute(OWNER);
        try (FileChannel out =
                FileChannel.open(fresh, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), owner)) {
            out.write(ByteBuffer.wrap((HexFormat.of().formatHex(secret) + "\n").getBytes(StandardCharsets.US_ASCII)));
            out.force(true);
        }
        try {
            Files.createLink(file, fresh);
        } catch (FileAlreadyExistsException e) {
            // Another server was faster.
        } finally {
            Files.delete(fresh);
        }
    }
}

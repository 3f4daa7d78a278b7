package dev.skerry.server.tls;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Set;

/** Files of which nobody ever reads a half, whatever ends while they are written. */
final class SafeFile {
    static final String OWNER_ONLY = "rw-------";
    static final String READABLE = "rw-r--r--";

    private SafeFile() {}

    /** Makes it; false when it is there already, which may be another process's work of this moment. */
    static boolean create(Path file, String text, String mode) throws IOException {
        Path fresh = write(file, text, mode);
        try {
            Files.createLink(file, fresh);
            sync(file);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    /** Makes or replaces it, unless it holds that text already. */
    static void put(Path file, String text, String mode) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        if (Files.isRegularFile(file) && Arrays.equals(Files.readAllBytes(file), bytes)) {
            return;
        }
        Path fresh = write(file, text, mode);
        try {
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
            sync(file);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    private static Path write(Path file, String text, String mode) throws IOException {
        String suffix = Long.toUnsignedString(new SecureRandom().nextLong(), 36);
        Path fresh = file.resolveSibling("." + file.getFileName() + "." + suffix);
        var permissions = PosixFilePermissions.fromString(mode);
        try (FileChannel out = FileChannel.open(
                fresh,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(permissions))) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            // The process's mask may have taken something away.
            Files.setPosixFilePermissions(fresh, permissions);
            out.force(true);
        } catch (IOException e) {
            Files.deleteIfExists(fresh);
            throw e;
        }
        return fresh;
    }

    /** The name too. */
    private static void sync(Path file) throws IOException {
        try (FileChannel folder = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            folder.force(true);
        }
    }
}

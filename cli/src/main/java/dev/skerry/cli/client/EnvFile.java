package dev.skerry.cli.client;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A file of lines {@code NAME=VALUE} that tells clients where a server is and lets them in. A shell can read it, and so
 * can whatever takes {@code --env-file}.
 */
public final class EnvFile {
    public static final String API_KEY = "E2B_API_KEY";
    public static final String API_URL = "E2B_API_URL";
    public static final String DOMAIN = "E2B_DOMAIN";
    public static final String NODE_AUTHORITY = "NODE_EXTRA_CA_CERTS";
    public static final String AUTHORITIES = "SSL_CERT_FILE";
    /** Its name in the data folder. */
    public static final String NAME = "client.env";

    private static final Set<PosixFilePermission> OWNER =
            Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    private EnvFile() {}

    /**
     * Its variables; none when there is no such file.
     *
     * @throws Failure {@code DENIED} when it cannot be read
     */
    public static Map<String, String> read(Path file) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String line : lines(file)) {
            int equals = line.indexOf('=');
            if (equals > 0 && !line.startsWith("#")) {
                values.put(line.substring(0, equals).strip(), line.substring(equals + 1));
            }
        }
        return values;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.DENIED,
                    "the file " + file + " cannot be read: " + e.getMessage(),
                    "read it as root, or set " + API_URL + " and " + API_KEY,
                    e);
        }
    }

    /**
     * Writes the variables, readable by the owner alone, all or nothing; lines of others that are there stay. A link at
     * that place is replaced, not followed.
     *
     * @throws Failure {@code NO_SPACE} when it cannot be written
     */
    public static void write(Path file, Map<String, String> values) {
        List<String> all = new ArrayList<>();
        for (String line : Files.isSymbolicLink(file) ? List.<String>of() : lines(file)) {
            if (!values.containsKey(line.replaceFirst("=.*", "").strip())) {
                all.add(line);
            }
        }
        values.forEach((name, value) -> all.add(name + "=" + value));
        String text = String.join("\n", all) + "\n";
        try {
            // A server starts again on a disk that is full.
            if (!holds(file, text)) {
                replace(file.toAbsolutePath(), text);
            }
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.NO_SPACE,
                    "the file " + file + " cannot be written: " + e,
                    "its folder must be there, and writable",
                    e);
        }
    }

    private static boolean holds(Path file, String text) throws IOException {
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                && Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS)
                        .equals(OWNER)
                && Files.readString(file).equals(text);
    }

    private static void replace(Path file, String text) throws IOException {
        Path fresh = Files.createTempFile(
                file.resolveSibling(""), "." + file.getFileName(), ".new", PosixFilePermissions.asFileAttribute(OWNER));
        try {
            try (FileChannel out = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    out.write(bytes);
                }
                out.force(true);
            }
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }
}

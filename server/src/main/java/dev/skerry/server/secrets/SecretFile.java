package dev.skerry.server.secrets;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The file {@code secret} of a data folder, which only its owner can read. Each line is a secret: 64 hexadecimal digits
 * and, after a blank, since when it is used. The first line is the one that is used, the others are accepted. A file of
 * one line without a time is what versions before rotation wrote.
 */
public final class SecretFile {
    /** Who rotates more often than he retires has forgotten something. */
    public static final int SECRETS_MAX = 4;

    private static final Set<PosixFilePermission> OWNER =
            Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    private final Path file;
    private final SecureRandom random = new SecureRandom();

    public SecretFile(Path dataFolder) {
        this.file = dataFolder.resolve("secret");
    }

    Path path() {
        return file;
    }

    /** The secrets, the one that is used first. Makes one at the first call; several first calls at a time agree. */
    public List<Secret> readOrMake() {
        return guarded(() -> {
            try {
                return parse();
            } catch (NoSuchFileException e) {
                make();
                return parse();
            }
        });
    }

    /** @throws Failure {@code NOT_FOUND} when there is no such file */
    public List<Secret> read() {
        return guarded(this::parse);
    }

    private interface Work<T> {
        T run() throws IOException;
    }

    private <T> T guarded(Work<T> work) {
        try {
            return work.run();
        } catch (NoSuchFileException e) {
            throw new Failure(
                    ErrorCode.NOT_FOUND,
                    "there is no file " + file,
                    "name the server's data folder; its first start makes the file",
                    e);
        } catch (IOException e) {
            throw new Failure(ErrorCode.UNSUPPORTED, "the secret " + file + " cannot be used: " + e.getMessage(), e);
        }
    }

    private List<Secret> parse() throws IOException {
        List<String> lines = Files.readAllLines(file, StandardCharsets.US_ASCII);
        if (!Files.getPosixFilePermissions(file).equals(OWNER)) {
            Files.setPosixFilePermissions(file, OWNER); // a restored backup may have others
        }
        List<Secret> secrets =
                lines.stream().filter(line -> !line.isBlank()).map(this::parse).toList();
        if (secrets.isEmpty() || secrets.size() > SECRETS_MAX) {
            throw malformed();
        }
        return secrets;
    }

    private Secret parse(String line) {
        String[] words = line.strip().split(" +", 2);
        try {
            byte[] bytes = HexFormat.of().parseHex(words[0]);
            if (bytes.length == Secret.BYTES) {
                return new Secret(
                        bytes, words.length > 1 ? Optional.of(Instant.parse(words[1].strip())) : Optional.empty());
            }
        } catch (IllegalArgumentException | DateTimeException e) {
            // Said below, without what was found: it may be half a secret.
        }
        throw malformed();
    }

    private Failure malformed() {
        return new Failure(
                ErrorCode.CONFLICT,
                file + " does not hold 1 to " + SECRETS_MAX + " lines of " + Secret.BYTES + " bytes in hexadecimal",
                "restore it from a backup; deleting it makes every token of a sandbox invalid");
    }

    /** Linked, so that of two that are made at a time the first counts. */
    private void make() throws IOException {
        Path fresh = write(List.of(fresh(Optional.empty())));
        try {
            Files.createLink(file, fresh);
        } catch (FileAlreadyExistsException e) {
            // Another server was faster.
        } finally {
            Files.delete(fresh);
        }
    }

    private Secret fresh(Optional<Instant> since) {
        byte[] bytes = new byte[Secret.BYTES];
        random.nextBytes(bytes);
        return new Secret(bytes, since);
    }

    /** Under another name, and synced: nobody reads half a secret. */
    private Path write(List<Secret> secrets) throws IOException {
        StringBuilder text = new StringBuilder();
        for (Secret secret : secrets) {
            text.append(HexFormat.of().formatHex(secret.bytes()));
            secret.since().ifPresent(since -> text.append(' ').append(since));
            text.append('\n');
        }
        Path fresh = file.resolveSibling("secret." + Long.toHexString(random.nextLong()));
        var owner = PosixFilePermissions.asFileAttribute(OWNER);
        try (FileChannel out =
                FileChannel.open(fresh, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), owner)) {
            out.write(ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.US_ASCII)));
            out.force(true);
        }
        return fresh;
    }

    /**
     * Puts a new one in front. Servers that run take it up within a second, and accept the others as before.
     *
     * @throws Failure {@code LIMIT_EXCEEDED} when there are as many as there may be
     */
    public Secret rotate(Instant now) {
        return changed(secrets -> {
                    if (secrets.size() == SECRETS_MAX) {
                        throw new Failure(
                                ErrorCode.LIMIT_EXCEEDED,
                                file + " has " + SECRETS_MAX + " secrets already",
                                "'skerry secret retire' one that nothing needs any more");
                    }
                    secrets.addFirst(fresh(Optional.of(now)));
                })
                .getFirst();
    }

    /**
     * Takes one out for ever: what was made with it is not accepted any more.
     *
     * @throws Failure {@code NOT_FOUND}; {@code CONFLICT} for the one that is used
     */
    public void retire(String id) {
        List<Secret> _ = changed(secrets -> {
            if (secrets.getFirst().id().equals(id)) {
                throw new Failure(
                        ErrorCode.CONFLICT,
                        "secret " + id + " is the one that is used",
                        "'skerry secret rotate' puts another in its place");
            }
            if (!secrets.removeIf(secret -> secret.id().equals(id))) {
                throw new Failure(
                        ErrorCode.NOT_FOUND, "there is no secret '" + id + "'", "'skerry secret list' names them");
            }
        });
    }

    private interface Change {
        void apply(List<Secret> secrets);
    }

    private List<Secret> changed(Change change) {
        return guarded(() -> {
            List<Secret> _ = parse(); // nothing is left behind in a folder that is not a server's
            try (FileChannel lock = FileChannel.open(
                            file.resolveSibling("secret.lock"),
                            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                            PosixFilePermissions.asFileAttribute(OWNER));
                    FileLock _ = lock.lock()) {
                List<Secret> secrets = new ArrayList<>(parse());
                change.apply(secrets);
                Path fresh = write(secrets);
                try {
                    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                } finally {
                    Files.deleteIfExists(fresh);
                }
                try (FileChannel folder = FileChannel.open(file.toAbsolutePath().resolveSibling("."))) {
                    folder.force(true);
                }
                return List.copyOf(secrets);
            }
        });
    }
}

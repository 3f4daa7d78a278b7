package dev.skerry.host.templates;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The files that an image consists of, by the names that its documents use: in a folder, or in a tar archive on disk.
 */
final class ImageFiles {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*");
    private static final int ARCHIVE_MEMBERS_MAX = 10_000;
    private static final int BUFFER_BYTES = 128 << 10;
    private static final int LINKS_MAX = 5;

    /** A piece of a file, or the name of another member. */
    private record Piece(Path file, long offset, long size) {}

    private final String description;
    private final Map<String, Piece> pieces;
    private final Optional<Path> folder;

    private ImageFiles(String description, Map<String, Piece> pieces, Optional<Path> folder) {
        this.description = description;
        this.pieces = pieces;
        this.folder = folder;
    }

    /** @param scratch for the plain form of a compressed archive */
    static ImageFiles open(Path image, Path scratch, ImportBudget budget) throws IOException {
        if (Files.isDirectory(image)) {
            return new ImageFiles(image.toString(), Map.of(), Optional.of(image));
        }
        if (!Files.isRegularFile(image)) {
            throw new Failure(
                    ErrorCode.NOT_FOUND,
                    "no image at '" + image + "'",
                    "name a folder with an OCI image layout, or a tar archive of one"
                            + " (skopeo copy ... oci-archive:FILE)");
        }
        Path archive = image;
        try (var raw = new BufferedInputStream(Files.newInputStream(image), BUFFER_BYTES)) {
            if (Compression.of(raw) != Compression.NONE) {
                archive = scratch.resolve("archive.tar");
                expand(raw, archive, budget);
            }
        }
        return new ImageFiles(image.toString(), index(archive), Optional.empty());
    }

    private static void expand(InputStream raw, Path to, ImportBudget budget) throws IOException {
        try (var plain = Compression.of(raw).expand(raw);
                var output = Files.newOutputStream(to, StandardOpenOption.CREATE_NEW)) {
            var buffer = new byte[BUFFER_BYTES];
            for (int count = plain.read(buffer); count >= 0; count = plain.read(buffer)) {
                budget.stream(count);
                budget.file(count);
                output.write(buffer, 0, count);
            }
        }
    }

    private static Map<String, Piece> index(Path archive) throws IOException {
        var pieces = new HashMap<String, Piece>();
        var links = new HashMap<String, String>();
        try (var channel = FileChannel.open(archive, StandardOpenOption.READ)) {
            var reader = new TarReader(Channels.newInputStream(channel));
            for (var next = reader.next(); next.isPresent(); next = reader.next()) {
                TarEntry entry = next.get();
                String name = String.join("/", EntryPath.parse(entry.path()).names());
                if (pieces.size() + links.size() >= ARCHIVE_MEMBERS_MAX) {
                    throw TarNumbers.bad("more than " + ARCHIVE_MEMBERS_MAX + " files, which no image has");
                }
                switch (entry.type()) {
                    case FILE -> {
                        if (entry.extents().isEmpty()) {
                            pieces.put(name, new Piece(archive, channel.position(), entry.size()));
                        }
                    }
                    // An old `docker save` repeats equal layers so.
                    case SYMLINK ->
                        links.put(
                                name,
                                Path.of("/" + name)
                                        .resolveSibling(entry.linkTarget())
                                        .normalize()
                                        .toString()
                                        .substring(1));
                    case HARD_LINK ->
                        links.put(
                                name,
                                String.join(
                                        "/", EntryPath.parse(entry.linkTarget()).names()));
                    case FOLDER, SPECIAL -> {}
                }
            }
        }
        for (int round = 0; round < LINKS_MAX; round++) {
            links.forEach((name, target) ->
                    Optional.ofNullable(pieces.get(target)).ifPresent(piece -> pieces.putIfAbsent(name, piece)));
        }
        return pieces;
    }

    boolean has(String name) {
        return piece(name).isPresent();
    }

    /** In a folder, links are not taken for files: an image that somebody sent must not show files of this host. */
    private Optional<Piece> piece(String name) {
        if (!NAME.matcher(name).matches() || name.contains("..")) {
            return Optional.empty();
        }
        if (folder.isEmpty()) {
            return Optional.ofNullable(pieces.get(name));
        }
        Path path = folder.get().resolve(name);
        try {
            return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                    ? Optional.of(new Piece(path, 0, Files.size(path)))
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private Piece need(String name) {
        return piece(name)
                .orElseThrow(() -> new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "the image '" + description + "' lacks its file '" + name + "'",
                        "copy it again, whole"));
    }

    long size(String name) {
        return need(name).size;
    }

    InputStream open(String name) throws IOException {
        Piece piece = need(name);
        var channel = FileChannel.open(piece.file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
        channel.position(piece.offset);
        return new BufferedInputStream(new BoundedInput(Channels.newInputStream(channel), piece.size), BUFFER_BYTES);
    }

    @Override
    public String toString() {
        return description;
    }

    /** The first bytes of a stream; unlike most of its kind it says truthfully whether more are available. */
    private static final class BoundedInput extends InputStream {
        private final InputStream input;
        private long left;

        BoundedInput(InputStream input, long left) {
            this.input = input;
            this.left = left;
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = left == 0 ? -1 : input.read(buffer, offset, (int) Math.min(left, length));
            left -= Math.max(0, count);
            return count;
        }

        @Override
        public int available() {
            return (int) Math.min(left, Integer.MAX_VALUE);
        }

        @Override
        public void close() throws IOException {
            input.close();
        }
    }
}

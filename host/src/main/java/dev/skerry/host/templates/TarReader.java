package dev.skerry.host.templates;

import static dev.skerry.host.templates.TarNumbers.bad;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads a tar archive that somebody hostile may have made: ustar, pax (POSIX.1-2017 pax(1)) and GNU extensions
 * (tar.info, "Basic Tar Format").
 *
 * <p>Not commons-compress, because names must stay bytes, and because what an archive can make a reader hold in memory
 * must be bounded: here one extension header, at most {@link #EXTENSION_BYTES_MAX}. Everything that has no one meaning
 * is refused.
 */
final class TarReader {
    private static final int BLOCK = 512;
    private static final int EXTENSION_BYTES_MAX = 1 << 20;

    private final InputStream input;
    private final byte[] block = new byte[BLOCK];
    /** Stored bytes of the current member that have not been read, and what pads them to a whole block. */
    private long remaining;

    private int padding;

    TarReader(InputStream input) {
        this.input = input;
    }

    /** What extension headers said of the member that follows. */
    private static final class Pending {
        private final Map<String, byte[]> pax = new HashMap<>();
        private Optional<String> longName = Optional.empty();
        private Optional<String> longLink = Optional.empty();

        Optional<String> text(String key) {
            return Optional.ofNullable(pax.get(key)).map(value -> new String(value, StandardCharsets.ISO_8859_1));
        }
    }

    /** The next member, after skipping what is left of the one before; empty at the end mark. */
    Optional<TarEntry> next() throws IOException {
        skipRest();
        var pending = new Pending();
        while (readBlock()) {
            if (isZero()) {
                if (readBlock() && !isZero()) {
                    throw bad("data after a single empty block");
                }
                return Optional.empty();
            }
            verifyChecksum();
            long size = TarNumbers.field(block, 124, 12);
            if (size < 0) {
                throw bad("a negative size");
            }
            char type = (char) (block[156] & 0xff);
            switch (type) {
                case 'x' -> {
                    pending.pax.clear();
                    parsePax(extension(size), pending.pax);
                }
                // A global header (git's comment, for one) says nothing that unpacking needs.
                case 'g' -> extension(size);
                case 'L' -> pending.longName = Optional.of(untilNul(extension(size)));
                case 'K' -> pending.longLink = Optional.of(untilNul(extension(size)));
                default -> {
                    return Optional.of(member(type, size, pending));
                }
            }
        }
        throw bad("it ends without an end mark");
    }

    private TarEntry member(char flag, long headerSize, Pending pending) throws IOException {
        String path = pending.longName.or(() -> pending.text("path")).orElseGet(this::ustarPath);
        String link = pending.longLink.or(() -> pending.text("linkpath")).orElseGet(() -> text(157, 100));
        long stored = pending.text("size").map(TarNumbers::decimal).orElse(headerSize);
        TarEntry.Type type = type(flag, path);
        if (type != TarEntry.Type.FILE) {
            // As every reader does: a size here is a leftover of what the link points to.
            stored = 0;
        }
        long mtime = pending.text("mtime")
                .map(TarNumbers::nanos)
                .orElseGet(() -> TarNumbers.nanos(TarNumbers.field(block, 136, 12)));
        long uid = pending.text("uid").map(TarNumbers::decimal).orElseGet(() -> TarNumbers.field(block, 108, 8));
        long gid = pending.text("gid").map(TarNumbers::decimal).orElseGet(() -> TarNumbers.field(block, 116, 8));
        int mode = (int) (TarNumbers.field(block, 100, 8) & 07777);
        long size = stored;
        Optional<List<TarEntry.Extent>> extents = Optional.empty();
        begin(stored);
        if (type == TarEntry.Type.FILE) {
            var sparse = SparseMap.read(flag, block, this::sparseText, pending::text, this::readBlockOrFail);
            if (sparse.isPresent()) {
                sparse.get().check(remaining);
                size = sparse.get().size();
                extents = Optional.of(sparse.get().extents());
                path = pending.text("GNU.sparse.name").orElse(path);
            }
        }
        return new TarEntry(path, type, link, mode, uid, gid, size, mtime, attributes(pending.pax), extents);
    }

    private static TarEntry.Type type(char flag, String path) {
        return switch (flag) {
            // Before POSIX there was no flag for folders.
            case '\0', '0' -> path.endsWith("/") ? TarEntry.Type.FOLDER : TarEntry.Type.FILE;
            case '7', 'S' -> TarEntry.Type.FILE;
            case '1' -> TarEntry.Type.HARD_LINK;
            case '2' -> TarEntry.Type.SYMLINK;
            case '3', '4', '6' -> TarEntry.Type.SPECIAL;
            case '5' -> TarEntry.Type.FOLDER;
            default -> throw bad("a member of the unknown type " + (int) flag);
        };
    }

    private static Map<String, byte[]> attributes(Map<String, byte[]> pax) {
        var found = new HashMap<String, byte[]>();
        String prefix = "SCHILY.xattr.";
        pax.forEach((key, value) -> {
            if (key.startsWith(prefix)) {
                found.put(key.substring(prefix.length()), value);
            }
        });
        return found;
    }

    private String ustarPath() {
        String name = text(0, 100);
        // GNU's old format has times where POSIX has the prefix; its magic is "ustar  ".
        boolean posix = block[257] == 'u' && block[262] == 0;
        String prefix = posix ? text(345, 155) : "";
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private String text(int offset, int length) {
        int end = offset;
        while (end < offset + length && block[end] != 0) {
            end++;
        }
        return new String(block, offset, end - offset, StandardCharsets.ISO_8859_1);
    }

    private static String untilNul(byte[] bytes) {
        int end = 0;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, 0, end, StandardCharsets.ISO_8859_1);
    }

    /** Records of the form "length key=value\n", the length counting the whole record. */
    private static void parsePax(byte[] bytes, Map<String, byte[]> into) {
        int at = 0;
        while (at < bytes.length) {
            int space = at;
            while (space < bytes.length && bytes[space] != ' ') {
                space++;
            }
            long length = TarNumbers.decimal(new String(bytes, at, space - at, StandardCharsets.ISO_8859_1));
            long end = at + length;
            int equals = space + 1;
            while (equals < bytes.length && bytes[equals] != '=') {
                equals++;
            }
            if (end > bytes.length || equals >= end - 1 || bytes[(int) end - 1] != '\n') {
                throw bad("a pax record has a wrong length");
            }
            String key = new String(bytes, space + 1, equals - space - 1, StandardCharsets.ISO_8859_1);
            byte[] value = Arrays.copyOfRange(bytes, equals + 1, (int) end - 1);
            if (value.length == 0) {
                into.remove(key);
            } else {
                into.put(key, value);
            }
            at = (int) end;
        }
    }

    private byte[] extension(long size) throws IOException {
        if (size > EXTENSION_BYTES_MAX) {
            throw bad("an extension header of " + size + " bytes");
        }
        begin(size);
        var bytes = new byte[(int) size];
        int done = 0;
        while (done < bytes.length) {
            done += read(bytes, done, bytes.length - done);
        }
        skipRest();
        return bytes;
    }

    private void begin(long size) {
        remaining = size;
        padding = (int) ((BLOCK - size % BLOCK) % BLOCK);
    }

    /** A block of the content itself, in which newer GNU tar keeps the map of a sparse file. */
    private byte[] sparseText() throws IOException {
        var bytes = new byte[BLOCK];
        if (remaining < BLOCK) {
            throw bad("a sparse file's map is cut off");
        }
        for (int done = 0; done < BLOCK; ) {
            done += read(bytes, done, BLOCK - done);
        }
        return bytes;
    }

    /** Stored bytes of the current member; 0 at their end. An archive that stops short is an error, never an end. */
    int read(byte[] buffer, int offset, int length) throws IOException {
        int part = (int) Math.min(remaining, length);
        if (part == 0) {
            return 0;
        }
        int count = input.read(buffer, offset, part);
        if (count < 0) {
            throw bad("it ends in the middle of a file");
        }
        remaining -= count;
        return count;
    }

    private void skipRest() throws IOException {
        try {
            input.skipNBytes(remaining + padding);
        } catch (EOFException e) {
            throw bad("it ends in the middle of a file");
        }
        remaining = 0;
        padding = 0;
    }

    private byte[] readBlockOrFail() throws IOException {
        if (!readBlock()) {
            throw bad("it ends in the middle of a header");
        }
        return block;
    }

    /** False at the end of the input. */
    private boolean readBlock() throws IOException {
        int count = input.readNBytes(block, 0, BLOCK);
        if (count != 0 && count != BLOCK) {
            throw bad("it ends in the middle of a block");
        }
        return count == BLOCK;
    }

    private boolean isZero() {
        for (byte b : block) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    /** The sum of the header's bytes, its own field counted as spaces. */
    private void verifyChecksum() {
        long sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? ' ' : block[i] & 0xff;
        }
        if (sum != TarNumbers.field(block, 148, 8)) {
            throw bad("a header's checksum is wrong, or this is no tar archive");
        }
    }
}

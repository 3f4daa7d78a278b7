package dev.skerry.wire.stream;

import dev.skerry.wire.Fields;
import dev.skerry.wire.FieldsText;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A file inside.
 *
 * @param path absolute, or relative to the folder that was listed
 * @param mode permission bits
 * @param target of a symbolic link
 */
public record FileInfo(
        String path, Type type, long size, int mode, int uid, int gid, Instant modified, Optional<String> target) {
    /** Kinds of files. */
    public enum Type {
        FILE,
        DIRECTORY,
        SYMLINK,
        OTHER
    }

    private static final long ID_MAX = 0xFFFF_FFFFL;

    static FileInfo of(String path, Fields fields) throws ProtocolViolation {
        int type = (int) fields.require(Tag.TYPE, 1, Type.values().length);
        long nanos = fields.number(Tag.MTIME_NS, 0);
        return new FileInfo(
                path,
                Type.values()[type - 1],
                fields.optional(Tag.SIZE, 0, Long.MAX_VALUE),
                (int) fields.optional(Tag.MODE, 0, 07777),
                (int) fields.optional(Tag.UID, 0, ID_MAX),
                (int) fields.optional(Tag.GID, 0, ID_MAX),
                Instant.ofEpochSecond(Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L)),
                fields.text(Tag.TARGET));
    }

    /** A path below a folder, as the guest names it; a caller may append it to a path of its own. */
    static String relative(String path) throws ProtocolViolation {
        if (path.startsWith("/") || List.of(path.split("/", -1)).contains("..")) {
            throw new ProtocolViolation("a path that leads out of its folder: " + FieldsText.shown(path));
        }
        return path;
    }
}

package dev.skerry.host.stream;

import dev.skerry.wire.Fields;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.time.Instant;
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

    static FileInfo of(String path, Fields fields) throws ProtocolViolation {
        long type = fields.require(Tag.TYPE);
        if (type < 1 || type > Type.values().length) {
            throw new ProtocolViolation("file type " + type);
        }
        long nanos = fields.number(Tag.MTIME_NS, 0);
        return new FileInfo(
                path,
                Type.values()[(int) type - 1],
                fields.number(Tag.SIZE, 0),
                (int) fields.number(Tag.MODE, 0),
                (int) fields.number(Tag.UID, 0),
                (int) fields.number(Tag.GID, 0),
                Instant.ofEpochSecond(Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L)),
                fields.text(Tag.TARGET));
    }
}

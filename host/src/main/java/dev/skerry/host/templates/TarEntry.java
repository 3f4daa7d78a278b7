package dev.skerry.host.templates;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One member of a tar archive as it says of itself; nothing of it is checked beyond its syntax. Strings are byte
 * strings (see {@link Libc}).
 *
 * @param linkTarget of a symbolic link, or the path of the member that a hard link repeats
 * @param size bytes of the content once unpacked, holes included
 * @param mtimeNanos since 1970, clamped to what 64 bits hold
 * @param attributes extended attributes by name
 * @param extents where the stored bytes belong, if the member is stored sparse
 */
record TarEntry(
        String path,
        Type type,
        String linkTarget,
        int mode,
        long uid,
        long gid,
        long size,
        long mtimeNanos,
        Map<String, byte[]> attributes,
        Optional<List<Extent>> extents) {
    /** What a member is. */
    enum Type {
        FILE,
        HARD_LINK,
        SYMLINK,
        FOLDER,
        /** Character and block devices and FIFOs: never made. */
        SPECIAL
    }

    /** A piece of a sparse file that is not a hole. */
    record Extent(long offset, long length) {}

    TarEntry {
        attributes = Map.copyOf(attributes);
        extents = extents.map(List::copyOf);
    }
}

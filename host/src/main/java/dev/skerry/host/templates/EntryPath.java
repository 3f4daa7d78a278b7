package dev.skerry.host.templates;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.ArrayList;
import java.util.List;

/**
 * A member's place in its layer: components that are plain names. Absolute paths and {@code ..} are refused rather than
 * repaired, for no image builder writes them.
 */
record EntryPath(List<String> names) {
    private static final int PATH_BYTES_MAX = 4095;
    private static final int NAME_BYTES_MAX = 255;
    private static final int DEPTH_MAX = 256;

    EntryPath {
        names = List.copyOf(names);
    }

    static EntryPath parse(String path) {
        if (path.length() > PATH_BYTES_MAX) {
            throw refused(path, "is longer than " + PATH_BYTES_MAX + " bytes");
        }
        if (path.startsWith("/")) {
            throw refused(path, "is absolute");
        }
        if (path.indexOf('\0') >= 0) {
            throw refused(path, "contains a NUL byte");
        }
        var names = new ArrayList<String>();
        for (String name : path.split("/", -1)) {
            if (name.equals("..")) {
                throw refused(path, "climbs with '..'");
            }
            if (name.length() > NAME_BYTES_MAX) {
                throw refused(path, "has a name longer than " + NAME_BYTES_MAX + " bytes");
            }
            if (!name.isEmpty() && !name.equals(".")) {
                names.add(name);
            }
        }
        if (names.size() > DEPTH_MAX) {
            throw refused(path, "is deeper than " + DEPTH_MAX + " folders");
        }
        return new EntryPath(names);
    }

    static Failure refused(String path, String why) {
        String shown = path.length() > 200 ? path.substring(0, 200) + "..." : path;
        return new Failure(
                ErrorCode.INVALID_REQUEST,
                "the layer's entry '" + Folder.readable(shown).replace('\0', '?') + "' " + why,
                "the image is damaged or made to attack; nothing of it was kept");
    }

    boolean isRoot() {
        return names.isEmpty();
    }

    String name() {
        return names.getLast();
    }

    String parent() {
        return String.join("/", names.subList(0, names.size() - 1));
    }

    @Override
    public String toString() {
        return String.join("/", names);
    }
}

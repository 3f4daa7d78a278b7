package dev.skerry.host.templates;

import java.util.ArrayList;
import java.util.List;

/**
 * The times of a layer's folders, to be set when all members are in place. An archive decides how many there are and
 * how long their names, so what does not fit is forgotten: a wrong time of a folder harms nobody.
 */
final class FolderTimes {
    static final long BYTES_MAX = 64 << 20;

    /** Of an object or two: a name of one letter costs as much as one of twenty. */
    private static final int OBJECT_BYTES = 64;

    private final List<Entry> entries = new ArrayList<>();
    private long bytes;

    record Entry(EntryPath path, long mtimeNanos) {}

    void add(EntryPath path, long mtimeNanos) {
        long cost = 2L * OBJECT_BYTES;
        for (String name : path.names()) {
            cost += OBJECT_BYTES + name.length();
        }
        if (bytes + cost <= BYTES_MAX) {
            bytes += cost;
            entries.add(new Entry(path, mtimeNanos));
        }
    }

    /** In the order of the archive. */
    List<Entry> all() {
        return List.copyOf(entries);
    }
}

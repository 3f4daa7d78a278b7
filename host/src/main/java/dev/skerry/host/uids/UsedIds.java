package dev.skerry.host.uids;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Ids that somebody else uses on this machine, from {@code first} on. */
record UsedIds(long first, long count) {
    /** From the files of users, groups and subordinate ids (subuid(5), passwd(5)); files that are absent use none. */
    static List<UsedIds> ofThisMachine() {
        return in(Path.of("/etc"));
    }

    static List<UsedIds> in(Path etc) {
        var used = new ArrayList<UsedIds>();
        for (var file : List.of("subuid", "subgid")) {
            lines(etc.resolve(file)).forEach(fields -> add(used, fields, 1, 2));
        }
        for (var file : List.of("passwd", "group")) {
            lines(etc.resolve(file)).forEach(fields -> add(used, fields, 2, -1));
        }
        lines(etc.resolve("passwd")).forEach(fields -> add(used, fields, 3, -1));
        return used;
    }

    private static List<List<String>> lines(Path file) {
        try {
            return Files.readAllLines(file).stream()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> List.of(line.strip().split(":", -1)))
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private static void add(List<UsedIds> used, List<String> fields, int first, int count) {
        if (Math.max(first, count) >= fields.size()) {
            return;
        }
        try {
            long ids = count < 0 ? 1 : Long.parseLong(fields.get(count));
            used.add(new UsedIds(Long.parseLong(fields.get(first)), ids));
        } catch (NumberFormatException e) {
            // Lines such as "+::" of NIS name no id.
        }
    }
}

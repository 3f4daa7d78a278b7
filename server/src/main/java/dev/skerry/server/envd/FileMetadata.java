package dev.skerry.server.envd;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.GuestFiles;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/** A client's own words on a file, kept as extended attributes {@code user.e2b.*} of it. */
final class FileMetadata {
    private static final String PREFIX = "user.e2b.";

    private FileMetadata() {}

    static Map<String, String> read(GuestFiles files, String path) throws InterruptedException {
        Map<String, String> found = new TreeMap<>();
        try {
            for (String name : files.attributes(path)) {
                if (name.startsWith(PREFIX)) {
                    byte[] value = files.attribute(path, name);
                    found.put(name.substring(PREFIX.length()), new String(value, StandardCharsets.UTF_8));
                }
            }
        } catch (Failure e) {
            // A file system without such attributes, a file that may not be read, one that has just gone: no metadata.
            if (e.code() == ErrorCode.SANDBOX_GONE) {
                throw e;
            }
        }
        return found;
    }

    /** These, and none of those that were there. */
    static void replace(GuestFiles files, String path, Map<String, String> metadata) throws InterruptedException {
        for (String name : read(files, path).keySet()) {
            if (!metadata.containsKey(name)) {
                files.removeAttribute(path, PREFIX + name);
            }
        }
        for (Map.Entry<String, String> one : metadata.entrySet()) {
            files.setAttribute(path, PREFIX + one.getKey(), one.getValue().getBytes(StandardCharsets.UTF_8));
        }
    }
}

package dev.skerry.server.piston;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/** Names of a job's files: paths that stay inside its folder. */
final class FileNames {
    /** NAME_MAX and PATH_MAX of limits.h, less what the folder itself takes. */
    private static final int PART_BYTES_MAX = 255;

    private static final int PATH_BYTES_MAX = 3_000;

    private FileNames() {}

    /**
     * As Piston joins it with its folder: a slash in front is dropped, {@code .} and {@code ..} are resolved.
     *
     * @param index of the file in the request, for the message
     * @throws Failure {@code INVALID_REQUEST} for one that leads out of the folder or that no file can have
     */
    static String inside(String name, int index) {
        Deque<String> parts = new ArrayDeque<>();
        for (String part : name.split("/", -1)) {
            if (part.equals("..")) {
                if (parts.pollLast() == null) {
                    throw wrong(index, "leads out of the job's folder");
                }
            } else if (!part.isEmpty() && !part.equals(".")) {
                parts.add(part);
            }
        }
        String path = String.join("/", parts);
        if (path.isEmpty() || name.endsWith("/")) {
            throw wrong(index, "is a folder's");
        }
        if (name.indexOf('\0') >= 0) {
            throw wrong(index, "has a NUL in it");
        }
        boolean tooLong = bytes(path) > PATH_BYTES_MAX || parts.stream().anyMatch(part -> bytes(part) > PART_BYTES_MAX);
        if (tooLong) {
            throw wrong(index, "is too long");
        }
        return path;
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static Failure wrong(int index, String what) {
        return new Failure(
                ErrorCode.INVALID_REQUEST,
                "files[" + index + "].name " + what,
                "use a relative path, as in lib/tree.py");
    }
}

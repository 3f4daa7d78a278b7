package dev.skerry.server.envd;

import dev.skerry.server.connect.Code;
import dev.skerry.server.connect.RpcError;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * A user inside.
 *
 * @param home an absolute path
 */
record Account(String name, int uid, int gid, String home, String shell) {
    /** Where there is no list of users. */
    static final Account ROOT = new Account("root", 0, 0, "/root", "/bin/sh");

    Account {
        home = home.startsWith("/") ? home : "/";
    }

    /** As guestd takes it. */
    String guestName() {
        return equals(ROOT) ? "0" : name;
    }

    /** An absolute path: {@code ~} and whatever is relative begin at the home, as does nothing at all. */
    String resolve(String path) {
        if (path.indexOf('\0') >= 0) {
            throw new RpcError(Code.INVALID_ARGUMENT, "a path with a zero byte");
        }
        if (path.startsWith("/")) {
            return path;
        }
        if (path.startsWith("~") && path.length() > 1 && path.charAt(1) != '/') {
            throw new RpcError(
                    Code.INVALID_ARGUMENT,
                    "failed to expand path '" + path + "' for user '" + name
                            + "': cannot expand user-specific home dir; write the path out");
        }
        return normal(home + "/" + (path.startsWith("~") ? path.substring(1) : path));
    }

    /** Without {@code .} and {@code ..}, whatever links there are. */
    static String normal(String path) {
        Deque<String> parts = new ArrayDeque<>();
        for (String part : path.split("/", -1)) {
            if (part.equals("..")) {
                parts.pollLast();
            } else if (!part.isEmpty() && !part.equals(".")) {
                parts.addLast(part);
            }
        }
        return "/" + String.join("/", List.copyOf(parts));
    }

    /** The last part of a path. */
    static String baseName(String path) {
        String normal = normal(path);
        return normal.equals("/") ? "/" : normal.substring(normal.lastIndexOf('/') + 1);
    }

    static String parent(String path) {
        String normal = normal(path);
        int slash = normal.lastIndexOf('/');
        return slash <= 0 ? "/" : normal.substring(0, slash);
    }
}

package dev.skerry.host.templates;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Layers seen as the one tree that overlayfs would make of them, for looking things up without mounting. Links are
 * followed within the tree: an absolute target starts at its root, {@code ..} at the root stays there.
 */
final class TreeView {
    /** As the kernel's own MAXSYMLINKS. */
    private static final int LINKS_MAX = 40;

    private final List<Path> layers;

    /** Topmost first. */
    TreeView(List<Path> layers) {
        this.layers = List.copyOf(layers);
    }

    /**
     * @param path inside, links resolved, without a trailing slash; the empty string is the root
     * @param hostPath where it lies
     */
    record Place(String path, Path hostPath, FileStat stat) {}

    private record Found(int layer, FileStat stat) {}

    /** Where a path leads, its last component followed too. */
    Optional<Place> find(String absolutePath) {
        if (!absolutePath.startsWith("/") || absolutePath.indexOf('\0') >= 0) {
            return Optional.empty();
        }
        String bytes = new String(absolutePath.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        return walk(bytes);
    }

    private Optional<Place> walk(String path) {
        var pending = new ArrayDeque<String>(List.of(path.split("/")));
        var at = new ArrayList<String>();
        int links = 0;
        while (!pending.isEmpty()) {
            String name = pending.pop();
            if (name.isEmpty() || name.equals(".")) {
                continue;
            }
            if (name.equals("..")) {
                if (!at.isEmpty()) {
                    at.removeLast();
                }
                continue;
            }
            at.add(name);
            var found = lookup(at);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            if (found.get().stat.isSymlink()) {
                var target = Libc.readLink(Libc.AT_FDCWD, bytesAt(found.get().layer, at));
                if (++links > LINKS_MAX || target.isEmpty()) {
                    return Optional.empty();
                }
                at.removeLast();
                enter(target.get(), at, pending);
            } else if (!found.get().stat.isDirectory() && !pending.isEmpty()) {
                return Optional.empty();
            }
        }
        return lookup(at).flatMap(found -> place(found, at));
    }

    private static void enter(String target, List<String> at, Deque<String> pending) {
        if (target.startsWith("/")) {
            at.clear();
        }
        for (String name : List.of(target.split("/")).reversed()) {
            pending.push(name);
        }
    }

    private Optional<Place> place(Found found, List<String> at) {
        try {
            String path = at.isEmpty() ? "" : "/" + String.join("/", at);
            Path host = layers.get(found.layer).resolve(Folder.readable(path).replaceFirst("^/", ""));
            return Optional.of(new Place(path, host, found.stat));
        } catch (InvalidPathException e) {
            // The JVM's locale has no words for this name, so nobody can open it by path either.
            return Optional.empty();
        }
    }

    private String bytesAt(int layer, List<String> path) {
        return Folder.bytesOf(layers.get(layer)) + "/" + String.join("/", path);
    }

    /** The entry that overlayfs shows for a path whose folders are known to be folders. */
    private Optional<Found> lookup(List<String> path) {
        for (int layer = 0; layer < layers.size(); layer++) {
            int depth = 0;
            Optional<FileStat> stat = Libc.stat(Libc.AT_FDCWD, bytesAt(layer, List.of()));
            while (depth < path.size() && stat.isPresent() && stat.get().isDirectory()) {
                depth++;
                stat = Libc.stat(Libc.AT_FDCWD, bytesAt(layer, path.subList(0, depth)));
            }
            if (stat.isPresent()) {
                // A whiteout, or something that is no folder in a folder's place, hides all that is below it.
                boolean shown = depth == path.size() && !stat.get().isWhiteout();
                return shown ? Optional.of(new Found(layer, stat.get())) : Optional.empty();
            }
            for (int above = 0; above < depth; above++) {
                if (Libc.attributeLength(bytesAt(layer, path.subList(0, above)), "trusted.overlay.opaque") > 0) {
                    return Optional.empty();
                }
            }
        }
        return Optional.empty();
    }
}

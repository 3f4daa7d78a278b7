package dev.skerry.host.templates;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Copies single configuration files of the host into a tree; never as links, since administrators edit them in place.
 */
final class PristineFiles {
    private static final int BYTES_MAX = 8 << 20;

    private final Path hostRoot;
    private final Folder tree;

    PristineFiles(Path hostRoot, Folder tree) {
        this.hostRoot = hostRoot;
        this.tree = tree;
    }

    void add(List<String> paths) throws IOException {
        for (String path : paths) {
            copy(path);
        }
    }

    /** Does nothing if there is no such file, others may not read it, or the tree has it already. */
    void copy(String path) throws IOException {
        String host = Folder.bytesOf(hostRoot) + "/" + path;
        var stat = Libc.stat(Libc.AT_FDCWD, host);
        if (stat.isEmpty() || tree.stat(path).isPresent()) {
            return;
        }
        boolean file =
                stat.get().isFile() && stat.get().othersMay(4) && stat.get().size() <= BYTES_MAX;
        if (!file && !stat.get().isSymlink()) {
            return;
        }
        int slash = path.lastIndexOf('/');
        String name = path.substring(slash + 1);
        ensureFolder(path.substring(0, slash));
        try (var folder = tree.beneath(path.substring(0, slash))) {
            if (file) {
                folder.write(name, Files.readAllBytes(hostRoot.resolve(Folder.readable(path))), 0644);
                // Bytecode knows its source by its time: Python compiled its 'sitecustomize' anew at every start.
                Folder.check(
                        Libc.changeTime(folder.descriptor(), name, stat.get().mtime(), 0), "utimensat", path);
            } else {
                folder.symlink(Libc.readLink(Libc.AT_FDCWD, host).orElse(""), name);
            }
        }
    }

    private void ensureFolder(String path) throws IOException {
        if (path.isEmpty() || tree.stat(path).isPresent()) {
            return;
        }
        int slash = path.lastIndexOf('/');
        String above = slash < 0 ? "" : path.substring(0, slash);
        ensureFolder(above);
        try (var folder = tree.beneath(above)) {
            folder.makeFolder(path.substring(slash + 1));
            folder.setOwnerAndMode(path.substring(slash + 1), 0, 0, 0755);
        }
    }
}

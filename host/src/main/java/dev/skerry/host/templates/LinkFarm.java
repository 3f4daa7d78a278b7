package dev.skerry.host.templates;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Puts chosen files of the host's {@code /usr} into a tree as hard links: no copy, and a package manager that replaces
 * a file by rename leaves ours as it was. Never taken: setuid and setgid files, files with capabilities, whatever
 * others may not read or reach, anything but files and links. Where a hard link is impossible (another file system, too
 * many links) the file is cloned or copied.
 */
final class LinkFarm implements AutoCloseable {
    /** Large and of no use to a program (Debian policy 12.3), not ours to show, or of the kernel. */
    private static final List<String> EXCLUDED = List.of(
            "usr/local",
            "usr/src",
            "usr/share/doc",
            "usr/share/doc-base",
            "usr/share/man",
            "usr/share/info",
            "usr/share/lintian",
            "usr/share/bug",
            "usr/lib/modules",
            "usr/lib/firmware");

    private static final int ID_MAX = 65_535;
    private static final int READ_AND_SEARCH = 5;
    private static final int READ = 4;

    private final Path hostRoot;
    private final Folder host;
    private final Folder tree;
    private final Map<String, Boolean> folders = new HashMap<>();
    private long linked;
    private long copied;
    private long copiedBytes;

    LinkFarm(Path hostRoot, Folder tree) throws IOException {
        this.hostRoot = hostRoot;
        this.host = Folder.open(hostRoot);
        this.tree = tree;
    }

    long linked() {
        return linked;
    }

    long copied() {
        return copied;
    }

    long copiedBytes() {
        return copiedBytes;
    }

    static boolean excluded(String path) {
        for (String prefix : EXCLUDED) {
            if (path.startsWith(prefix) && (path.length() == prefix.length() || path.charAt(prefix.length()) == '/')) {
                return true;
            }
        }
        return !path.startsWith("usr/") && !path.equals("usr");
    }

    /** Adds those of these paths that may be shown. Paths are byte strings without a leading slash. */
    void add(Collection<String> paths) throws IOException {
        var byFolder = new TreeMap<String, List<String>>();
        for (String path : paths) {
            int slash = path.lastIndexOf('/');
            if (slash > 0 && !excluded(path)) {
                byFolder.computeIfAbsent(path.substring(0, slash), folder -> new ArrayList<>())
                        .add(path.substring(slash + 1));
            }
        }
        var elsewhere = new ArrayList<String>();
        for (var entry : byFolder.entrySet()) {
            if (!addFolder(entry.getKey(), entry.getValue())) {
                elsewhere.addAll(behindLinks(entry.getKey(), entry.getValue()));
            }
        }
        if (!elsewhere.isEmpty()) {
            add(elsewhere);
        }
    }

    /** A package may list a file by a path that goes through a link; it is added where it really lies. */
    private List<String> behindLinks(String folder, List<String> names) throws IOException {
        Path given = hostRoot.resolve(Folder.readable(folder));
        if (!Files.isDirectory(given)) {
            return List.of();
        }
        String real = Folder.bytesOf(hostRoot.toRealPath().relativize(given.toRealPath()));
        boolean hidden = real.equals(folder) || excluded(real);
        return hidden
                ? List.of()
                : names.stream().map(name -> real + "/" + name).toList();
    }

    /** False if the folder is not one itself, or not to be reached without following a link. */
    private boolean addFolder(String path, List<String> names) throws IOException {
        if (!ensureFolder(path)) {
            return false;
        }
        var sources = new HashSet<String>();
        try (var from = host.beneath(path);
                var to = tree.beneath(path)) {
            for (String name : names) {
                var stat = from.stat(name);
                if (stat.isEmpty()) {
                    continue;
                }
                if (stat.get().isDirectory()) {
                    ensureFolder(path + "/" + name);
                } else if (mayShow(from, name, stat.get())) {
                    place(from, to, name, stat.get());
                    if (name.endsWith(".py")) {
                        sources.add(name.substring(0, name.length() - 3));
                    }
                }
            }
            if (!sources.isEmpty()
                    && from.stat("__pycache__").filter(FileStat::isDirectory).isPresent()) {
                addBytecode(path + "/__pycache__", sources);
            }
        }
        return true;
    }

    /**
     * The packages' post-installation scripts compile their modules; without the result each start of Python would
     * compile again. Only root's files that belong to a module that was added.
     */
    private void addBytecode(String path, Set<String> sources) throws IOException {
        if (!ensureFolder(path)) {
            return;
        }
        try (var from = host.beneath(path);
                var to = tree.beneath(path);
                DirectoryStream<Path> files = Files.newDirectoryStream(Path.of(from.procPath("")), "*.pyc")) {
            for (Path file : files) {
                String name = Folder.bytesOf(file).substring(from.procPath("").length() + 1);
                var stat = from.stat(name);
                boolean ours =
                        stat.isPresent() && stat.get().uid() == 0 && !stat.get().othersMay(2);
                if (ours && sources.contains(name.split("\\.", 2)[0]) && mayShow(from, name, stat.get())) {
                    place(from, to, name, stat.get());
                }
            }
        }
    }

    /** Makes a folder that is one on the host and that everybody may enter. */
    private boolean ensureFolder(String path) throws IOException {
        Boolean known = folders.get(path);
        if (known != null) {
            return known;
        }
        int slash = path.lastIndexOf('/');
        boolean reachable = !excluded(path) && (slash < 0 || ensureFolder(path.substring(0, slash)));
        reachable = reachable
                && Libc.stat(host.descriptor(), path)
                        .filter(stat -> stat.isDirectory() && stat.othersMay(READ_AND_SEARCH))
                        .isPresent();
        if (reachable) {
            int made = Libc.makeFolder(tree.descriptor(), path, 0755);
            if (made != -NativeError.EEXIST) {
                Folder.check(made, "mkdir", path);
                Folder.check(Libc.changeMode(tree.descriptor(), path, 0755), "chmod", path);
            }
        }
        folders.put(path, reachable);
        return reachable;
    }

    private static boolean mayShow(Folder from, String name, FileStat stat) {
        if (stat.isSymlink()) {
            return true;
        }
        return stat.isFile()
                && stat.othersMay(READ)
                && !stat.hasSetId()
                && Integer.compareUnsigned(stat.uid(), ID_MAX) <= 0
                && Integer.compareUnsigned(stat.gid(), ID_MAX) <= 0
                && Libc.attributeLength(from.procPath(name), "security.capability") <= 0;
    }

    private void place(Folder from, Folder to, String name, FileStat stat) throws IOException {
        int result = Libc.link(from.descriptor(), name, to.descriptor(), name);
        switch (-result) {
            case NativeError.EXDEV, NativeError.EMLINK, NativeError.EPERM, NativeError.EOPNOTSUPP -> {
                copy(from, to, name, stat);
                copied++;
            }
            case NativeError.EEXIST -> {}
            default -> {
                Folder.check(result, "link", name);
                linked++;
            }
        }
    }

    /** Adds a file that some program rewrites in place, so that a link would change under a running sandbox. */
    void addCopy(String path) throws IOException {
        int slash = path.lastIndexOf('/');
        String name = path.substring(slash + 1);
        if (!ensureFolder(path.substring(0, slash))) {
            return;
        }
        try (var from = host.beneath(path.substring(0, slash));
                var to = tree.beneath(path.substring(0, slash))) {
            var stat = from.stat(name);
            if (stat.isPresent() && mayShow(from, name, stat.get())) {
                to.remove(name);
                copy(from, to, name, stat.get());
            }
        }
    }

    private void copy(Folder from, Folder to, String name, FileStat stat) throws IOException {
        if (stat.isSymlink()) {
            to.symlink(Libc.readLink(from.descriptor(), name).orElse(""), name);
            return;
        }
        int source = Folder.check(Libc.openAt(from.descriptor(), name, Libc.O_NOFOLLOW, 0), "open", name);
        try (var output = to.create(name);
                InputStream input = Files.newInputStream(Path.of("/proc/self/fd/" + source))) {
            if (Libc.cloneBlocks(output.descriptor(), source) < 0) {
                var buffer = new byte[64 << 10];
                for (int length = input.read(buffer); length >= 0; length = input.read(buffer)) {
                    output.write(buffer, length);
                }
                copiedBytes += stat.size();
            }
        } finally {
            Libc.close(source);
        }
        to.setOwnerAndMode(name, stat.uid(), stat.gid(), stat.permissions());
        // Python compares the time of a module with the one its bytecode remembers.
        Folder.check(Libc.changeTime(to.descriptor(), name, stat.mtime(), 0), "utimensat", name);
    }

    @Override
    public void close() {
        host.close();
    }
}

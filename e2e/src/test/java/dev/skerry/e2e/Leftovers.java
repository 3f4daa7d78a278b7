package dev.skerry.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What an instance of Skerry may have left on the host. Everything of it that has a name carries the instance's id. */
final class Leftovers {
    private static final Path RUN_FOLDER = Path.of("/run/skerry");
    private static final Path CGROUPS = Path.of("/sys/fs/cgroup");
    private static final Path UID_CLAIMS = Path.of("/run/skerry-uid-ranges");
    private static final int CGROUP_DEPTH = 8;
    private static final int FILE_DEPTH = 2;

    private Leftovers() {}

    /** Fails, naming it, if anything is left that belongs to the data folder's instance. */
    static void expectNone(Path data) {
        Path file = data.resolve("instance");
        if (!Files.exists(file)) {
            return;
        }
        String id = read(file).strip();
        Deadline.await(
                () -> "nothing to be left of instance " + id + "; there is " + of(id, data),
                Duration.ofSeconds(20),
                () -> of(id, data).isEmpty());
    }

    /**
     * Removes what an instance keeps for its next server, when there will be none: run folder and control groups; and
     * what should not be there any more: what runs in those, and claims of uids.
     */
    static void forget(Path data) {
        String id = read(data.resolve("instance")).strip();
        if (id.isEmpty()) {
            return;
        }
        List<Path> groups = groups(id);
        groups.forEach(group -> {
            thaw(group.resolve("freezer.state"), "THAWED");
            thaw(group.resolve("cgroup.freeze"), "0");
        });
        ProcessHandle.allProcesses()
                .filter(process ->
                        read(Path.of("/proc/" + process.pid() + "/cgroup")).contains("skerry-" + id))
                .forEach(ProcessHandle::destroyForcibly);
        Deadline.await(
                () -> "the groups of instance " + id + " to be empty: " + groups(id),
                Duration.ofSeconds(20),
                () -> groups(id).stream().allMatch(Leftovers::removed));
        claims(id).forEach(claim -> delete(Path.of(claim)));
        if (Files.isDirectory(RUN_FOLDER.resolve(id))) {
            delete(RUN_FOLDER.resolve(id));
        }
    }

    private static void thaw(Path file, String how) {
        try {
            if (Files.exists(file)) {
                Files.writeString(file, how);
            }
        } catch (IOException e) {
            // It was removed.
        }
    }

    private static boolean removed(Path group) {
        try {
            return Files.deleteIfExists(group);
        } catch (IOException e) {
            return false; // something is just ending in it
        }
    }

    /** The deepest first. */
    private static List<Path> groups(String id) {
        List<Path> found = new ArrayList<>();
        walk(CGROUPS, CGROUP_DEPTH, folder -> {
            if (folder.toString().contains("/skerry-" + id)) {
                found.add(folder);
            }
        });
        return found.reversed();
    }

    private static List<String> of(String id, Path data) {
        List<String> found = ofSandboxes(id, data);
        found.addAll(processes(id, data));
        return found;
    }

    /** Of sandboxes of an instance that lives: run folders, mounts, groups, processes, loop devices, claims of uids. */
    static List<String> ofSandboxes(Path data) {
        String id = read(data.resolve("instance")).strip();
        List<String> found = ofSandboxes(id, data);
        ProcessHandle.allProcesses().map(ProcessHandle::pid).forEach(pid -> {
            // The instance's own groups have no folder below them.
            if (read(Path.of("/proc/" + pid + "/cgroup")).contains("skerry-" + id + "/")) {
                found.add("process " + pid + " "
                        + read(Path.of("/proc/" + pid + "/comm")).strip());
            }
        });
        return found;
    }

    /** Of an instance that lives: what has a name in its run folder and data folder, but for what grows by itself. */
    static Set<String> files(Path data) {
        String id = read(data.resolve("instance")).strip();
        Set<String> found = new TreeSet<>();
        for (Path folder : List.of(RUN_FOLDER.resolve(id), data)) {
            walk(folder, FILE_DEPTH, below -> children(below).forEach(child -> found.add("file " + child)));
        }
        return found;
    }

    private static List<String> children(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(Path::toString).toList();
        } catch (IOException e) {
            return List.of(); // it was being removed
        }
    }

    private static List<String> ofSandboxes(String id, Path data) {
        List<String> found = new ArrayList<>();
        Path runFolder = RUN_FOLDER.resolve(id);
        if (Files.isDirectory(runFolder)) {
            try (Stream<Path> entries = Files.list(runFolder)) {
                // Those of sandboxes are called ID.GENERATION; the instance's own serve the next server.
                entries.filter(Files::isDirectory)
                        .filter(entry -> entry.getFileName().toString().indexOf('.') >= 0)
                        .forEach(entry -> found.add("folder " + entry));
            } catch (IOException e) {
                // It was being removed.
            }
        }
        for (String line : read(Path.of("/proc/self/mounts")).lines().toList()) {
            if (line.contains(data + "/") || line.contains(runFolder + "/")) {
                found.add("mount " + line);
            }
        }
        found.addAll(cgroups(id));
        for (String device : children(Path.of("/sys/block"))) {
            if (read(Path.of(device, "loop/backing_file")).startsWith(data + "/")) {
                found.add("loop device " + device);
            }
        }
        claims(id).forEach(claim -> found.add("uids " + claim));
        return found;
    }

    /** Links from ranges to what has them, and back. */
    private static List<String> claims(String id) {
        List<String> found = new ArrayList<>();
        walk(UID_CLAIMS, 3, folder -> children(folder).stream()
                .filter(claim -> linked(Path.of(claim)).startsWith(id + "/") || claim.contains("/" + id + "+"))
                .forEach(found::add));
        return found;
    }

    private static String linked(Path link) {
        try {
            return Files.isSymbolicLink(link) ? Files.readSymbolicLink(link).toString() : "";
        } catch (IOException e) {
            return ""; // it was given back
        }
    }

    /** Of sandboxes; the instance's own empty groups may stay. */
    private static List<String> cgroups(String id) {
        List<String> found = new ArrayList<>();
        walk(CGROUPS, CGROUP_DEPTH, folder -> {
            Path parent = folder.getParent();
            if (parent != null
                    && parent.getFileName() != null
                    && parent.toString().contains(id)) {
                found.add("cgroup " + folder);
            }
        });
        return found;
    }

    private static List<String> processes(String id, Path data) {
        List<String> found = new ArrayList<>();
        ProcessHandle.allProcesses().forEach(process -> {
            String words = read(Path.of("/proc/" + process.pid() + "/cmdline")).replace('\0', ' ');
            if (words.contains(data.toString()) || words.contains(RUN_FOLDER + "/" + id)) {
                found.add("process " + process.pid() + " " + words);
            }
        });
        return found;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return ""; // the process, or the file, has gone
        }
    }

    private static void walk(Path root, int depth, Consumer<Path> folders) {
        try {
            Files.walkFileTree(root, Set.of(), depth, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                    folders.accept(folder);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) {
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Without following links. */
    static void delete(Path folder) {
        try {
            Files.walkFileTree(folder, Set.<FileVisitOption>of(), Integer.MAX_VALUE, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                    if (e instanceof NoSuchFileException) {
                        return FileVisitResult.CONTINUE;
                    }
                    throw e;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, IOException e) throws IOException {
                    Files.deleteIfExists(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

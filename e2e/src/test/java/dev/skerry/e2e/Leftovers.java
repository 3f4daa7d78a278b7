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
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What an instance of Skerry may have left on the host. Everything of it that has a name carries the instance's id. */
final class Leftovers {
    private static final Path RUN_FOLDER = Path.of("/run/skerry");
    private static final Path CGROUPS = Path.of("/sys/fs/cgroup");
    private static final int CGROUP_DEPTH = 8;

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

    /** Removes what an instance keeps on tmpfs for its next server, when there will be none. */
    static void forget(Path data) {
        String id = read(data.resolve("instance")).strip();
        if (!id.isEmpty() && Files.isDirectory(RUN_FOLDER.resolve(id))) {
            delete(RUN_FOLDER.resolve(id));
        }
    }

    private static List<String> of(String id, Path data) {
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
        found.addAll(processes(id, data));
        return found;
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

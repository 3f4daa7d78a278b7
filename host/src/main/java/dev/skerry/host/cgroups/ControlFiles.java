package dev.skerry.host.cgroups;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Files and directories of a cgroup file system. One write is one system call: the kernel takes it whole or not at all.
 */
final class ControlFiles {
    private static final int PIECE_BYTES = 4096;
    private static final long NAP_NANOS_MIN = 200_000;
    private static final long NAP_NANOS_MAX = 2_000_000;

    private ControlFiles() {}

    /** Not by a channel: that would refuse to write on an interrupted thread, and teardown happens on such threads. */
    static void write(Path file, String value) throws IOException {
        Files.write(file, value.getBytes(StandardCharsets.US_ASCII), StandardOpenOption.WRITE);
    }

    /**
     * Writes a limit; a group that is gone is {@code SANDBOX_GONE}, a value that the kernel refuses {@code CONFLICT}.
     */
    static void limit(Path file, String value) {
        try {
            write(file, value);
        } catch (NoSuchFileException e) {
            throw new Failure(ErrorCode.SANDBOX_GONE, file + " does not exist: the control group was removed", e);
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "the kernel refused " + value + " for " + file + ": " + e.getMessage(),
                    "a memory limit cannot be set below what is in use and cannot be reclaimed",
                    e);
        }
    }

    /** Writes where the group may be gone already, which is then as good. */
    static void writeIfPresent(Path file, String value) {
        try {
            write(file, value);
        } catch (NoSuchFileException e) {
            // Gone: nothing left to tell.
        } catch (IOException e) {
            if (Files.exists(file)) {
                throw new Failure(ErrorCode.INTERNAL, file + " could not be set to " + value, e);
            }
        }
    }

    /** The text of a control file; empty when the group is gone (ENOENT, or ENODEV between removal and closing). */
    static String read(Path file) {
        // What is most often done here, and with fewer system calls than Files needs for it.
        try (var in = new FileInputStream(file.toFile())) {
            byte[] start = new byte[PIECE_BYTES];
            int length = Math.max(0, in.read(start));
            String text = new String(start, 0, length, StandardCharsets.US_ASCII);
            // The kernel fills a piece but for a line; so little of it is all there is.
            return length < PIECE_BYTES / 2 ? text : text + new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            return "";
        }
    }

    /** A file of one number. 0 when it is gone. */
    static long number(Path file) {
        String text = read(file).strip();
        return text.isEmpty() ? 0 : Long.parseLong(text);
    }

    /** The number behind a key in a file of lines {@code key number}. 0 when there is none. */
    static long number(Path file, String key) {
        return read(file)
                .lines()
                .filter(line -> line.startsWith(key) && line.startsWith(" ", key.length()))
                .mapToLong(
                        line -> Long.parseLong(line.substring(key.length() + 1).strip()))
                .findFirst()
                .orElse(0);
    }

    static void makeDirectory(Path directory) throws IOException {
        try {
            Files.createDirectory(directory);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory)) {
                throw e;
            }
        }
    }

    /** Groups directly below. */
    static List<Path> children(Path directory) {
        try (var entries = Files.newDirectoryStream(directory, Files::isDirectory)) {
            var found = new ArrayList<Path>();
            entries.forEach(found::add);
            return found;
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Processes of a group and of groups below it, those of other pid namespaces (shown as 0) left out. */
    static Set<Long> processes(Path directory) {
        var found = new TreeSet<Long>();
        read(directory.resolve("cgroup.procs"))
                .lines()
                .map(Long::valueOf)
                .filter(pid -> pid > 0)
                .forEach(found::add);
        if (hasChildren(directory)) {
            children(directory).forEach(child -> found.addAll(processes(child)));
        }
        return found;
    }

    /** kernfs counts a directory's links as subdirectories + 2, which saves listing twenty control files. */
    private static boolean hasChildren(Path directory) {
        try {
            return (int) Files.getAttribute(directory, "unix:nlink") > 2;
        } catch (IOException e) {
            return false;
        }
    }

    /** Removes the group and those below it. A group may be busy for a moment after its last process died. */
    static void removeTree(Path directory, Duration bound) {
        if (!until(bound, () -> removed(directory))) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "the control group " + directory + " is still in use by " + named(processes(directory)),
                    "end these processes, or wait until they are gone, and remove it again");
        }
    }

    private static boolean removed(Path directory) {
        try {
            Files.delete(directory);
            return true;
        } catch (NoSuchFileException e) {
            return true;
        } catch (DirectoryNotEmptyException e) {
            children(directory).forEach(ControlFiles::removed);
            return false;
        } catch (IOException e) {
            if (hasChildren(directory)) {
                children(directory).forEach(ControlFiles::removed);
            }
            return !Files.exists(directory);
        }
    }

    /** Processes by id and command name, for a reader. */
    static String named(Iterable<Long> processes) {
        var names = new ArrayList<String>();
        for (long pid : processes) {
            names.add(pid + " (" + command(pid).orElse("gone") + ")");
        }
        return names.isEmpty() ? "no process that can be seen from here" : String.join(", ", names);
    }

    private static Optional<String> command(long pid) {
        return Optional.of(read(Path.of("/proc/" + pid + "/comm")).strip()).filter(text -> !text.isEmpty());
    }

    /**
     * Waits for something of which the kernel sends no word, asking at growing intervals of 0.2 to 2 ms. An interrupt
     * does not end the wait, which is short, but is kept for the caller: a sandbox half frozen or half removed is
     * worse than a thread that ends late.
     *
     * @return false when {@code bound} passed before it came true
     */
    static boolean until(Duration bound, BooleanSupplier condition) {
        long end = System.nanoTime() + bound.toNanos();
        long nap = NAP_NANOS_MIN;
        boolean interrupted = false;
        try {
            while (!condition.getAsBoolean()) {
                if (System.nanoTime() - end >= 0) {
                    return false;
                }
                interrupted |= Thread.interrupted();
                LockSupport.parkNanos(nap);
                nap = Math.min(nap * 2, NAP_NANOS_MAX);
            }
            return true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

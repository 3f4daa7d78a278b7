package dev.skerry.testkit;

import dev.skerry.host.engine.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * What one instance has on the host, by looking: processes, mounts, cgroups, run folders, sockets, names, claims of
 * uids, loop devices on images of its data folder, and the host's network interfaces.
 */
public record HostInventory(Set<String> things) {
    private static final Path PROC = Path.of("/proc");

    public HostInventory {
        things = Set.copyOf(things);
    }

    public static HostInventory of(Engine engine) {
        String instance = engine.instance();
        Set<String> found = new TreeSet<>();
        processes(instance, found);
        lines(PROC.resolve("self/mountinfo"), found, instance);
        groups(Path.of("/sys/fs/cgroup"), "skerry-" + instance, 6, found);
        children(Path.of("/run/skerry", instance), "run folder ", found);
        children(Path.of("/run/skerry", instance, "names"), "name ", found);
        children(Path.of("/sys/class/net"), "interface ", found);
        for (String device : names(Path.of("/sys/block"))) {
            // Those of a server beside us come and go.
            if (text(Path.of("/sys/block", device, "loop/backing_file")).startsWith(engine.dataFolder() + "/")) {
                found.add("loop device " + device);
            }
        }
        engine.uidClaims().forEach(claim -> found.add("uids of " + claim));
        return new HostInventory(found);
    }

    /** Waits until nothing is there that was not before. */
    public static void assertNothingNew(Engine engine, HostInventory before, Duration bound) {
        long until = System.nanoTime() + bound.toNanos();
        Set<String> fresh;
        do {
            fresh = new TreeSet<>(of(engine).things);
            fresh.removeAll(before.things);
            LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
        } while (!fresh.isEmpty() && System.nanoTime() < until);
        ClaimBroken.unless(fresh.isEmpty(), "left on the host: " + fresh);
    }

    private static void processes(String instance, Set<String> found) {
        for (String pid : names(PROC)) {
            if (!pid.chars().allMatch(Character::isDigit)) {
                continue;
            }
            String groups = text(PROC.resolve(pid).resolve("cgroup"));
            if (groups.contains("skerry-" + instance)) {
                found.add("process " + pid + " "
                        + text(PROC.resolve(pid).resolve("comm")).strip());
            }
        }
    }

    private static void lines(Path file, Set<String> found, String instance) {
        text(file).lines().filter(line -> line.contains(instance)).forEach(line -> found.add("mount " + line));
    }

    private static void groups(Path folder, String name, int depth, Set<String> found) {
        for (String child : names(folder)) {
            Path path = folder.resolve(child);
            if (!Files.isDirectory(path)) {
                continue;
            }
            if (child.equals(name)) {
                names(path).stream()
                        .filter(entry -> Files.isDirectory(path.resolve(entry)))
                        .forEach(entry -> found.add("cgroup " + path.resolve(entry)));
            } else if (depth > 1) {
                groups(path, name, depth - 1, found);
            }
        }
    }

    private static void children(Path folder, String kind, Set<String> found) {
        names(folder).forEach(name -> found.add(kind + name));
    }

    private static Set<String> names(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            Set<String> names = new TreeSet<>();
            entries.forEach(entry -> names.add(entry.getFileName().toString()));
            return names;
        } catch (NoSuchFileException e) {
            return Set.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return ""; // processes end while they are looked at
        }
    }
}

package dev.skerry.bench.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * What an instance has on the host, by looking: run folders, groups, processes and their namespaces, claims of uids,
 * disks, loop devices, mounts. Each is named after the sandbox whose it is, so that what should be there can be said.
 */
final class HostView {
    private static final Path PROC = Path.of("/proc");
    private static final Path GROUPS = Path.of("/sys/fs/cgroup");
    private static final Path CLAIMS = Path.of("/run/skerry-uid-ranges");
    private static final int GROUP_DEPTH = 8;
    private static final String LIFE = "[0-9a-z]{25}\\.[0-9]+";

    private final String instance;
    private final Path data;
    private final Path runFolder;

    HostView(String instance, Path data) {
        this.instance = instance;
        this.data = data;
        this.runFolder = Path.of("/run/skerry", instance);
    }

    /** Folders of lives in the run folder: {@code ID.GENERATION}. */
    List<String> lives() {
        return names(runFolder).stream().filter(name -> name.matches(LIFE)).toList();
    }

    /** The shim of a life. */
    Optional<Long> shim(String life) {
        String first = text(runFolder.resolve(life).resolve("shim")).strip().split(" ", 2)[0];
        return first.isEmpty() ? Optional.empty() : Optional.of(Long.parseLong(first));
    }

    /** Process 1 of a life: the child of its shim. */
    Optional<Long> guestd(String life) {
        Optional<Long> shim = shim(life);
        return shim.flatMap(parent ->
                processes().stream().filter(pid -> parent(pid) == parent).findFirst());
    }

    /** The child of a server that forks shims; they are copies of it, with the same command line. */
    Optional<Long> spawner(Set<Long> servers) {
        return processes().stream()
                .filter(pid -> servers.contains(parent(pid)))
                .filter(pid -> Processes.words(pid).contains("spawner"))
                .findFirst();
    }

    static long parent(long pid) {
        String stat = text(PROC.resolve(Long.toString(pid)).resolve("stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", 3);
        return fields.length < 2 ? -1 : Long.parseLong(fields[1]);
    }

    private static List<Long> processes() {
        return names(PROC).stream()
                .filter(name -> name.chars().allMatch(Character::isDigit))
                .map(Long::valueOf)
                .toList();
    }

    /** What a life should have, and one that ended should not. */
    static Set<String> expected(String life) {
        return Set.of(
                "run folder " + life,
                "group " + life,
                "uids " + life,
                "process of " + life,
                "namespaces of " + life,
                "disk " + id(life),
                "loop device " + id(life));
    }

    /** Of a paused one that has no processes. */
    static Set<String> expectedAsleep(String life) {
        return Set.of("disk " + id(life));
    }

    private static String id(String life) {
        return life.substring(0, life.indexOf('.'));
    }

    /** Everything of the instance but the servers' own. */
    Set<String> things(Set<Long> servers) {
        Set<String> found = new TreeSet<>();
        lives().forEach(life -> found.add("run folder " + life));
        names(runFolder).stream()
                .filter(name -> name.startsWith("new-"))
                .forEach(name -> found.add("unfinished folder " + name));
        names(runFolder.resolve("names")).forEach(name -> found.add("name " + name));
        groups(GROUPS, GROUP_DEPTH, found);
        for (String boot : names(CLAIMS)) {
            names(CLAIMS.resolve(boot).resolve("owners")).stream()
                    .filter(name -> name.startsWith(instance + "+"))
                    .forEach(name -> found.add("uids " + name.substring(name.indexOf('+') + 1)));
        }
        names(data.resolve("disks")).stream()
                .filter(name -> !name.startsWith("blank"))
                .forEach(name -> found.add("disk " + name));
        loopDevices(found);
        text(PROC.resolve("self/mountinfo"))
                .lines()
                .filter(line -> line.contains(runFolder + "/") || line.contains(data + "/"))
                .forEach(line -> found.add("mount " + line));
        processes().forEach(pid -> process(pid, servers, found));
        return found;
    }

    private void loopDevices(Set<String> found) {
        String disks = data.resolve("disks") + "/";
        for (String device : names(Path.of("/sys/block"))) {
            // As losetup(8) shows it; of a removed file the kernel says so behind the name.
            String file =
                    text(Path.of("/sys/block", device, "loop/backing_file")).strip();
            if (file.contains("/disks/")
                    && (file.startsWith(disks) || file.contains(data.getParent().getFileName() + "/"))) {
                String rest = file.substring(file.indexOf("/disks/") + "/disks/".length());
                found.add("loop device " + rest.split("/", 2)[0]);
            }
        }
    }

    private void groups(Path folder, int depth, Set<String> found) {
        for (String child : names(folder)) {
            Path path = folder.resolve(child);
            if (!Files.isDirectory(path)) {
                continue;
            }
            if (child.equals("skerry-" + instance)) {
                names(path).stream()
                        .filter(entry -> Files.isDirectory(path.resolve(entry)))
                        .filter(entry -> !entry.equals("supervisor"))
                        .forEach(entry -> found.add("group " + entry));
            } else if (depth > 1) {
                groups(path, depth - 1, found);
            }
        }
    }

    private void process(long pid, Set<Long> servers, Set<String> found) {
        Optional<String> life = Stream.of(
                        text(PROC.resolve(Long.toString(pid)).resolve("cgroup")).split("\n", -1))
                .filter(line -> line.contains("skerry-" + instance + "/"))
                .flatMap(line -> Stream.of(line.split("/", -1)))
                .filter(part -> part.matches(LIFE))
                .findFirst();
        if (life.isPresent()) {
            found.add("process of " + life.get());
            if (!namespace(pid).equals(namespace(ProcessHandle.current().pid()))) {
                found.add("namespaces of " + life.get());
            }
            return;
        }
        String words = String.join(" ", Processes.words(pid));
        boolean ours = words.contains(runFolder + "/") || words.contains(data.toString());
        if (ours && !servers.contains(pid) && !servers.contains(parent(pid))) {
            found.add("process " + pid + " " + words);
        }
    }

    private static String namespace(long pid) {
        try {
            return Files.readSymbolicLink(PROC.resolve(Long.toString(pid)).resolve("ns/pid"))
                    .toString();
        } catch (IOException e) {
            return "";
        }
    }

    /** Ends whatever is left and removes what has a name; the servers are gone. */
    void clear() throws IOException {
        for (String life : lives()) {
            shim(life)
                    .filter(pid -> Processes.words(pid).toString().contains("guestd"))
                    .ifPresent(pid -> Processes.signal("KILL", pid));
        }
        List<Path> groups = new ArrayList<>();
        walkGroups(GROUPS, GROUP_DEPTH, groups::add);
        for (Path group : groups.reversed()) {
            for (String pid : text(group.resolve("cgroup.procs")).lines().toList()) {
                Processes.signal("KILL", Long.parseLong(pid));
            }
            Files.deleteIfExists(group);
        }
        ServerPair.delete(runFolder);
    }

    /** Parents first. */
    private void walkGroups(Path folder, int depth, Consumer<Path> each) {
        for (String child : names(folder)) {
            Path path = folder.resolve(child);
            if (Files.isDirectory(path)) {
                if (path.toString().contains("/skerry-" + instance)) {
                    each.accept(path);
                }
                if (depth > 1) {
                    walkGroups(path, depth - 1, each);
                }
            }
        }
    }

    private static List<String> names(Path folder) {
        String[] names = folder.toFile().list();
        return names == null ? List.of() : Stream.of(names).sorted().toList();
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return ""; // processes end while they are looked at
        }
    }
}

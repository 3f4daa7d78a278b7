package dev.skerry.host.cgroups;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Chooses the layout from the texts of {@code /proc/self/mountinfo} and {@code /proc/self/cgroup} and the files of the
 * mounts named there, so that tests can describe machines that they do not run on.
 *
 * <p>On v2 the place depends on who manages the tree. A service of systemd that lets sandboxes outlive its restart
 * cannot keep them below its own group: the group would have controllers enabled, and systemd could not put the
 * restarted main process there (EBUSY), unless {@code DelegateSubgroup=supervisor} (systemd 254) names a leaf for it.
 * So: below the own group when we were started in such a leaf, otherwise next to the own group, in its slice. See
 * CGROUP_DELEGATION in systemd's documentation.
 */
record CgroupDetection(String mountinfo, String selfCgroup, Predicate<Path> delegated) {
    static final Set<String> V2_CONTROLLERS = Set.of("cpu", "memory", "pids");
    static final Set<String> V1_CONTROLLERS = Set.of("cpu", "cpuacct", "freezer", "memory", "pids");
    static final String SUPERVISOR = "supervisor";

    private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");

    /**
     * One line of mountinfo (proc_pid_mountinfo(5)): the part of the file system that is shown, where, and the super
     * block's options.
     */
    private record Mount(String root, Path point, String type, Set<String> options) {}

    CgroupLayout layout() {
        List<Mount> mounts = mountinfo
                .lines()
                .map(CgroupDetection::mount)
                .flatMap(Optional::stream)
                .toList();
        var unified =
                mounts.stream().filter(mount -> mount.type().equals("cgroup2")).findFirst();
        var problems = new ArrayList<String>();
        if (unified.isPresent()) {
            var place = place(unified.get());
            var lacking = lacking(place);
            if (lacking.isEmpty()) {
                return place;
            }
            problems.add("the v2 tree at " + place.mount() + " does not offer " + String.join(", ", lacking)
                    + ": enable them in cgroup.subtree_control above it, or boot"
                    + " with systemd.unified_cgroup_hierarchy=1");
        }
        var controllers = new HashMap<String, Path>();
        mounts.stream().filter(mount -> mount.type().equals("cgroup")).forEach(mount -> V1_CONTROLLERS.stream()
                .filter(mount.options()::contains)
                .forEach(controller -> controllers.putIfAbsent(controller, mount.point())));
        if (controllers.keySet().equals(V1_CONTROLLERS)) {
            return new CgroupLayout.V1(controllers, unified.map(Mount::point));
        }
        var absent = new TreeSet<>(V1_CONTROLLERS);
        absent.removeAll(controllers.keySet());
        if (!controllers.isEmpty() || unified.isEmpty()) {
            problems.add("no v1 tree is mounted for " + String.join(", ", absent)
                    + ": mount them, or boot with systemd.unified_cgroup_hierarchy=1");
        }
        return new CgroupLayout.Unusable(problems);
    }

    private CgroupLayout.V2 place(Mount mount) {
        Path top = mount.point();
        Path own = own(mount);
        boolean container = Files.exists(top.resolve("cgroup.type"));
        Path above = own.equals(top) ? top : own.resolveSibling("");
        if (own.endsWith(SUPERVISOR) && (delegated.test(above) || (container && above.equals(top)))) {
            return new CgroupLayout.V2(top, above, above.equals(top), "our delegated group; we are in its leaf");
        }
        if (!own.equals(top) && delegated.test(own)) {
            return new CgroupLayout.V2(
                    top, above, false, "the slice of our service, so that sandboxes survive its restart");
        }
        return new CgroupLayout.V2(
                top, top, container, container ? "the root of our container" : "the root of the tree");
    }

    /** Our own group; the top when it lies outside of what is mounted. */
    private Path own(Mount mount) {
        String path = selfCgroup
                .lines()
                .filter(line -> line.startsWith("0::/"))
                .map(line -> line.substring("0::".length()))
                .findFirst()
                .orElse("/");
        Path shown = Path.of(mount.root());
        Path full = Path.of(path).normalize();
        if (!full.startsWith(shown)) {
            return mount.point();
        }
        Path own = mount.point().resolve(shown.relativize(full).toString()).normalize();
        return own.startsWith(mount.point()) && Files.isDirectory(own) ? own : mount.point();
    }

    private static TreeSet<String> lacking(CgroupLayout.V2 place) {
        // Ours to enable from the top down, except inside a container, whose top shows what it was given.
        var lacking = new TreeSet<>(V2_CONTROLLERS);
        try {
            var offered = Files.readString(place.mount().resolve("cgroup.controllers"))
                    .strip();
            lacking.removeAll(Arrays.asList(offered.split(" ", -1)));
        } catch (IOException e) {
            // A tree whose controllers cannot be read offers none.
            return lacking;
        }
        return lacking;
    }

    private static Optional<Mount> mount(String line) {
        int separator = line.indexOf(" - ");
        String[] left = line.split(" ", -1);
        if (separator < 0 || left.length < 6) {
            return Optional.empty();
        }
        String[] right = line.substring(separator + 3).split(" ", -1);
        if (right.length < 3 || !right[0].startsWith("cgroup")) {
            return Optional.empty();
        }
        return Optional.of(new Mount(
                plain(left[3]), Path.of(plain(left[4])), right[0], Set.copyOf(Arrays.asList(right[2].split(",", -1)))));
    }

    private static String plain(String escaped) {
        return OCTAL.matcher(escaped).replaceAll(match -> String.valueOf((char) Integer.parseInt(match.group(1), 8))
                .replace("\\", "\\\\"));
    }

    /**
     * systemd marks what it hands over with an extended attribute (since version 251 in the {@code user} namespace).
     */
    static boolean markedAsDelegated(Path directory) {
        var attributes = Files.getFileAttributeView(directory, UserDefinedFileAttributeView.class);
        try {
            if (attributes == null || !attributes.list().contains("delegate")) {
                return false;
            }
            var value = ByteBuffer.allocate(16);
            attributes.read("delegate", value);
            return new String(value.array(), 0, value.position(), StandardCharsets.UTF_8).startsWith("1");
        } catch (IOException e) {
            // No extended attributes on this kernel's cgroup file system: nobody can have marked it.
            return false;
        }
    }
}

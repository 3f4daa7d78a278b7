package dev.skerry.host.cgroups;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/**
 * Hands controllers down a v2 tree, from its mount point to an instance's group. Where systemd manages the upper
 * levels it cannot take them away again while a child has them enabled (EBUSY, "Enabling and Disabling" in
 * cgroup-v2.rst).
 *
 * @param vacate whether processes in {@code parent} are ours to move to a leaf
 */
record V2Controllers(Path mount, Path parent, boolean vacate, Collection<String> wanted) {
    /** Processes that fork while they are being moved make another pass necessary. */
    private static final int PASSES_MAX = 10;

    void enableFor(String group) throws IOException {
        Path level = mount;
        enable(level);
        for (Path name : mount.relativize(parent)) {
            if (!name.toString().isEmpty()) {
                level = level.resolve(name);
                enable(level);
            }
        }
        enable(parent.resolve(group));
    }

    private void enable(Path level) throws IOException {
        Path control = level.resolve("cgroup.subtree_control");
        var missing = new TreeSet<>(wanted);
        missing.removeAll(Arrays.asList(Files.readString(control).strip().split(" ", -1)));
        if (missing.isEmpty()) {
            return;
        }
        String change = "+" + String.join(" +", missing);
        try {
            ControlFiles.write(control, change);
        } catch (IOException e) {
            if (!vacate || !level.equals(parent)) {
                throw e;
            }
            vacateParent();
            ControlFiles.write(control, change);
        }
    }

    /**
     * Moves what runs in {@code parent} into its leaf, ourselves among them (CGROUP_DELEGATION, "no inner processes").
     */
    private void vacateParent() throws IOException {
        Path leaf = parent.resolve(CgroupDetection.SUPERVISOR);
        ControlFiles.makeDirectory(leaf);
        for (int pass = 0; pass < PASSES_MAX; pass++) {
            List<String> present = ControlFiles.read(parent.resolve("cgroup.procs"))
                    .lines()
                    .filter(pid -> !pid.equals("0"))
                    .toList();
            if (present.isEmpty()) {
                return;
            }
            for (var pid : present) {
                move(pid, leaf);
            }
        }
    }

    private static void move(String pid, Path leaf) throws IOException {
        try {
            ControlFiles.write(leaf.resolve("cgroup.procs"), pid);
        } catch (IOException e) {
            // Dead between listing and moving (ESRCH): nothing to move.
            if (Files.exists(Path.of("/proc", pid))) {
                throw e;
            }
        }
    }
}

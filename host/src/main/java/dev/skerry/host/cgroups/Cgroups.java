package dev.skerry.host.cgroups;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Limits;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The control groups of one instance: {@code skerry-<instance>/<sandbox>.<generation>} in every tree of the layout.
 * Holds no state of its own; what exists is what the kernel shows.
 */
public final class Cgroups {
    private static final String PREFIX = "skerry-";
    private static final Pattern INSTANCE = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");
    private static final Pattern NAME = Pattern.compile("[a-z0-9]{1,64}\\.[0-9]{1,19}");

    private final CgroupLayout layout;
    private final String group;
    private final TreeSet<String> v2Controllers;

    private Cgroups(CgroupLayout layout, String group, Collection<String> v2Controllers) {
        this.layout = layout;
        this.group = group;
        this.v2Controllers = new TreeSet<>(v2Controllers);
    }

    /**
     * Makes the instance's own group, and on v2 hands the controllers down to it.
     *
     * @param instance an instance's id: a-z, 0-9 and '-'
     * @throws Failure {@code UNSUPPORTED} naming what is missing on this machine
     */
    public static Cgroups open(CgroupLayout layout, String instance) {
        var problems = layout.problems();
        if (!problems.isEmpty()) {
            throw new Failure(ErrorCode.UNSUPPORTED, "control groups cannot be used here", String.join("; ", problems));
        }
        return open(layout, instance, CgroupDetection.V2_CONTROLLERS);
    }

    /** With fewer v2 controllers than limits need: for tests on a tree that has none. */
    static Cgroups open(CgroupLayout layout, String instance, Collection<String> v2Controllers) {
        if (!INSTANCE.matcher(instance).matches()) {
            throw new IllegalArgumentException("not an instance id: '" + instance + "'");
        }
        var cgroups = new Cgroups(layout, PREFIX + instance, v2Controllers);
        try {
            for (var directory : cgroups.directories()) {
                ControlFiles.makeDirectory(directory);
            }
            if (layout instanceof CgroupLayout.V2 v2 && !v2Controllers.isEmpty()) {
                new V2Controllers(v2.mount(), v2.parent(), v2.vacate(), v2Controllers).enableFor(cgroups.group);
            }
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED,
                    "the control group " + cgroups.group + " could not be made: " + e.getMessage(),
                    "run as root on a machine or in a container whose /sys/fs/cgroup is writable",
                    e);
        }
        return cgroups;
    }

    /** Instances that have a group here, living or left behind by a crash; for {@code skerry doctor}. */
    public static List<String> instances(CgroupLayout layout) {
        return parents(layout).stream()
                .flatMap(parent -> ControlFiles.children(parent).stream())
                .map(path -> path.getFileName().toString())
                .filter(name -> name.startsWith(PREFIX))
                .map(name -> name.substring(PREFIX.length()))
                .filter(INSTANCE.asMatchPredicate())
                .distinct()
                .sorted()
                .toList();
    }

    /** Puts a process, with all its threads, into every one of the directories. */
    public static void place(long pid, List<Path> directories) {
        for (var directory : directories) {
            ControlFiles.limit(directory.resolve("cgroup.procs"), Long.toString(pid));
        }
    }

    /**
     * Makes the groups of a sandbox and sets its limits; when they exist already, sets the limits again.
     *
     * @param name {@code <sandbox>.<generation>}
     * @throws Failure {@code NO_CAPACITY} when the kernel will have no more groups
     */
    public SandboxCgroup create(String name, Limits limits) {
        var cgroup = at(name);
        try {
            switch (cgroup) {
                case V1Cgroup v1 -> v1.make(limits);
                case V2Cgroup v2 -> v2.make(limits);
            }
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.NO_CAPACITY, "no control group could be made for " + name + ": " + e.getMessage(), e);
        }
        return cgroup;
    }

    /** The groups of a sandbox, even if a crash has left only some of them. */
    public Optional<SandboxCgroup> find(String name) {
        var cgroup = at(name);
        boolean exists =
                switch (cgroup) {
                    case V1Cgroup v1 -> v1.exists();
                    case V2Cgroup v2 -> v2.exists();
                };
        return exists ? Optional.of(cgroup) : Optional.empty();
    }

    /** Every sandbox that has a group, also a partial one; names of a foreign form are not ours and left out. */
    public List<String> names() {
        return directories().stream()
                .flatMap(directory -> ControlFiles.children(directory).stream())
                .map(path -> path.getFileName().toString())
                .filter(NAME.asMatchPredicate())
                .distinct()
                .sorted()
                .toList();
    }

    /** Removes the own group of an instance that nobody has open, unless something is in it. */
    public static boolean removeUnused(CgroupLayout layout, String instance) {
        return new Cgroups(layout, PREFIX + instance, List.of()).removeIfEmpty();
    }

    /** Removes the instance's own group, unless something is in it. */
    boolean removeIfEmpty() {
        if (directories().stream()
                .anyMatch(directory -> !ControlFiles.children(directory).isEmpty())) {
            return false;
        }
        directories().forEach(directory -> ControlFiles.removeTree(directory, Duration.ofSeconds(1)));
        return true;
    }

    private SandboxCgroup at(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not a sandbox and generation: '" + name + "'");
        }
        return switch (layout) {
            case CgroupLayout.V1 v1 -> V1Cgroup.at(v1, group, name);
            case CgroupLayout.V2 v2 -> new V2Cgroup(name, v2.parent().resolve(group, name), v2Controllers);
            case CgroupLayout.Unusable _ -> throw new IllegalStateException("opened on an unusable layout");
        };
    }

    private List<Path> directories() {
        return parents(layout).stream().map(parent -> parent.resolve(group)).toList();
    }

    private static List<Path> parents(CgroupLayout layout) {
        return switch (layout) {
            case CgroupLayout.V1 v1 ->
                v1.controllers().values().stream().distinct().sorted().toList();
            case CgroupLayout.V2 v2 -> List.of(v2.parent());
            case CgroupLayout.Unusable _ -> List.of();
        };
    }
}

package dev.skerry.host.cgroups;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** How control groups are laid out on this machine, and where in them our sandboxes go (cgroups(7)). */
public sealed interface CgroupLayout {
    /**
     * One tree for all controllers (Documentation/admin-guide/cgroup-v2.rst).
     *
     * @param mount where the tree is mounted
     * @param parent the group below which the instance's group is made
     * @param vacate whether processes in {@code parent} may be moved to its leaf {@code supervisor}, because a group
     *     that has processes of its own cannot hand controllers on to its children; true only inside a container,
     *     where all of them are ours
     * @param reason why {@code parent} was chosen, for a reader
     */
    record V2(Path mount, Path parent, boolean vacate, String reason) implements CgroupLayout {}

    /**
     * One tree per controller (Documentation/admin-guide/cgroup-v1/). Several names may lead to one directory.
     *
     * @param controllers from a controller's name to the directory below which the instance's group is made
     * @param unified the v2 tree of a hybrid machine, which we leave alone
     */
    record V1(Map<String, Path> controllers, Optional<Path> unified) implements CgroupLayout {
        public V1 {
            controllers = Map.copyOf(controllers);
        }

        Path directory(String controller) {
            var directory = controllers.get(controller);
            if (directory == null) {
                throw new IllegalStateException("a v1 layout without " + controller);
            }
            return directory;
        }
    }

    /** Neither tree has every controller that limits need. */
    record Unusable(List<String> missing) implements CgroupLayout {
        public Unusable {
            missing = List.copyOf(missing);
        }
    }

    /**
     * Looks at {@code /proc/self/mountinfo}, {@code /proc/self/cgroup} and {@code cgroup.controllers}; changes nothing.
     *
     * @throws Failure {@code UNSUPPORTED} when /proc cannot be read
     */
    static CgroupLayout detect() {
        try {
            return new CgroupDetection(
                            Files.readString(Path.of("/proc/self/mountinfo")),
                            Files.readString(Path.of("/proc/self/cgroup")),
                            CgroupDetection::markedAsDelegated)
                    .layout();
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED, "the control groups of this process are not to be seen in /proc", e);
        }
    }

    /**
     * This layout, with the place that an earlier process of the same instance chose.
     *
     * @param note file of the instance that does not survive a restart of the machine; made when it is absent
     * @throws Failure {@code UNSUPPORTED} when it cannot be read or written
     */
    default CgroupLayout keptIn(Path note) {
        if (!(this instanceof V2 v2)) {
            return this;
        }
        try {
            return new PlaceNote(note).follow(v2);
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED, "the place of the control groups cannot be kept in " + note + ": " + e, e);
        }
    }

    /** One line for {@code skerry doctor}. */
    default String describe() {
        return switch (this) {
            case V2(var _, var parent, var _, var reason) -> "cgroup v2 below " + parent + " (" + reason + ")";
            case V1(var controllers, var unified) ->
                "cgroup v1"
                        + unified.map(path -> ", hybrid (the v2 tree at " + path + " is left alone)")
                                .orElse("")
                        + ": "
                        + controllers.entrySet().stream()
                                .sorted(Map.Entry.comparingByKey())
                                .map(entry -> entry.getKey() + " " + entry.getValue())
                                .collect(Collectors.joining(", "));
            case Unusable _ -> "no usable cgroup layout";
        };
    }

    /** What keeps sandboxes from being limited here, each with what would help; empty: nothing. */
    default List<String> problems() {
        return switch (this) {
            case V2 v2 -> unwritable(List.of(v2.parent()));
            case V1 v1 ->
                unwritable(
                        v1.controllers().values().stream().distinct().sorted().toList());
            case Unusable unusable -> unusable.missing();
        };
    }

    private static List<String> unwritable(List<Path> directories) {
        return directories.stream()
                .filter(directory -> !Files.isWritable(directory))
                .map(directory -> directory + " cannot be written: run as root; in a container, mount it read-write"
                        + " (docker run --privileged, or --cgroupns=private with a writable /sys/fs/cgroup)")
                .toList();
    }
}

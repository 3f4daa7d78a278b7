package dev.skerry.host.drivers;

import dev.skerry.host.disks.Disks;
import dev.skerry.wire.Limits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The mounts that all drivers share: a stage in the shim's mount namespace with the sandbox's root file system on it.
 */
final class Staging {
    /** crun 1.8 refuses to run on a hybrid layout as long as the v2 tree is mounted beside the v1 ones. */
    private static final Path HYBRID_V2 = Path.of("/sys/fs/cgroup/unified");

    private Staging() {}

    /**
     * Lower layers, idmapped and read-only, under a writable layer with the limits on bytes and files: the spec's disk,
     * or a tmpfs.
     *
     * @param overlayFlags of mount(2) for the overlay
     */
    static void rootFileSystem(ShimPlan plan, Launch launch, long overlayFlags) {
        Path stage = launch.stage();
        Limits limits = launch.spec().limits();
        long base = launch.uidBase();
        plan.unmount(HYBRID_V2);
        plan.mount("tmpfs", stage, "size=16m,nr_inodes=4096,mode=0711", ShimPlan.NOSUID_NODEV);
        List<String> lower = new ArrayList<>();
        for (Path layer : launch.layers()) {
            Path target = stage.resolve("lower" + lower.size());
            plan.mkdir(target, 0711, 0).idmapped(layer, target);
            lower.add(target.toString());
        }
        Path writable = stage.resolve("writable");
        plan.mkdir(writable, 0711, 0);
        Optional<Path> disk = launch.spec().disk();
        if (disk.isPresent()) {
            plan.disk(disk.get(), writable, Disks.TYPE, Disks.OPTIONS);
        } else {
            plan.mount("tmpfs", writable, memoryLayer(limits, base), 0);
            plan.mkdir(writable.resolve("upper"), 0755, base).mkdir(writable.resolve("work"), 0755, base);
            launch.spec()
                    .folder()
                    .ifPresent(
                            folder -> plan.mkdir(writable.resolve("upper", folder.name()), 0755, base + folder.id()));
        }
        // Clones of mounts: the runtime, with the sandbox's uids, need not be able to walk to the originals.
        plan.touch(launch.stagedGuestd()).bindReadOnly(launch.guestd(), launch.stagedGuestd());
        for (int i = 0; i < launch.spec().binds().size(); i++) {
            Path source = launch.spec().binds().get(i).source();
            if (Files.isDirectory(source)) {
                plan.mkdir(launch.stagedBind(i), 0711, 0);
            } else {
                plan.touch(launch.stagedBind(i));
            }
            plan.bindReadOnly(source, launch.stagedBind(i));
        }
        plan.mkdir(launch.root(), 0755, 0);
        String layers = "lowerdir=" + String.join(":", lower) + ",upperdir=" + writable.resolve("upper") + ",workdir="
                + writable.resolve("work");
        // A disk sees other lower mounts in its next life, which an index of them would refuse.
        String options = disk.isPresent() ? layers + ",index=off" : layers;
        // On a disk root of the host owns nothing, and could make nothing.
        plan.mountAs(disk.isPresent() ? base : 0, "overlay", launch.root(), options, overlayFlags);
    }

    private static String memoryLayer(Limits limits, long base) {
        return "size=" + limits.diskBytes() + ",nr_inodes=" + limits.diskInodes() + ",mode=0755,uid=" + base + ",gid="
                + base;
    }

    static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package dev.skerry.host.drivers;

import dev.skerry.host.engine.SandboxSpec;
import java.nio.file.Path;
import java.util.List;

/**
 * Everything a driver needs to know of one sandbox to start it.
 *
 * @param name {@code <sandbox>.<generation>}
 * @param runDir its run folder, on a tmpfs, mode 0700
 * @param layers read-only lower layers, topmost first
 * @param uidBase first of its 65,536 uids and gids on the host
 * @param guestd the program that becomes process 1
 */
public record Launch(String name, Path runDir, SandboxSpec spec, List<Path> layers, long uidBase, Path guestd) {
    /** Uids and gids of a sandbox. */
    public static final long UID_COUNT = 65_536;

    public Launch {
        layers = List.copyOf(layers);
    }

    /**
     * Where the shim, in its private mount namespace, puts the sandbox together. An empty folder as the host sees it,
     * the same for all sandboxes of an instance; the sandbox's uids may pass through it, but not into the run folder.
     */
    public Path stage() {
        return runDir.resolveSibling("stage");
    }

    public Path root() {
        return stage().resolve("root");
    }

    /** Where guestd is shown on the stage. */
    public Path stagedGuestd() {
        return stage().resolve("guestd");
    }

    /** Where the spec's binds are shown on the stage, in their order. */
    public Path stagedBind(int index) {
        return stage().resolve("bind" + index);
    }
}

package dev.skerry.host.templates;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A root file system that sandboxes start from, and what their processes get by default.
 *
 * <p>Owners in the tree are the uids and gids 0 to 65535 as they are to be inside: a driver mounts the layers read-only
 * and idmapped (0 to the first of the sandbox's range). All folders above a layer are 0700 and must stay so: a layer
 * may hold setuid files that belong to the host's root.
 *
 * @param name {@code base}, the name it was imported under, or empty
 * @param digest {@code sha256:} and 64 hexadecimal digits; differs whenever the tree or the defaults may differ
 * @param lowerLayers roots of file trees, the topmost first, as overlayfs wants them in {@code lowerdir}; whiteouts are
 *     in overlayfs' own form (character device 0:0, {@code trusted.overlay.opaque})
 * @param hasSetuid whether a file carries a setuid or setgid bit; without one, sudo cannot work inside
 * @param notes what was left out on the way, for a reader
 */
public record Template(
        String name,
        String digest,
        List<Path> lowerLayers,
        TemplateDefaults defaults,
        boolean hasSetuid,
        List<String> notes) {
    public static final String BASE = "base";

    public Template {
        lowerLayers = List.copyOf(lowerLayers);
        notes = List.copyOf(notes);
        if (lowerLayers.isEmpty()) {
            throw new IllegalArgumentException("template " + digest + " has no layer");
        }
    }

    /** The same by another of its names. */
    Template called(String other) {
        return new Template(other, digest, lowerLayers, defaults, hasSetuid, notes);
    }

    /**
     * Finds a file as a process inside would, following symbolic links within the tree only and honouring whiteouts.
     *
     * @return where the file (or folder) lies on the host, empty if there is none, if links form a loop, or if the path
     *     is not an absolute one
     */
    public Optional<Path> resolve(String absolutePath) {
        return new TreeView(lowerLayers).find(absolutePath).map(TreeView.Place::hostPath);
    }
}

package dev.skerry.host.cgroups;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * Where on v2 the groups of an instance are. What {@link CgroupDetection} finds depends on the group that a process was
 * started in: a service sees its slice, a login session the root of the tree. So the first process chooses and writes
 * it down, and the others follow; otherwise whoever takes sandboxes over would freeze, kill and count nothing.
 *
 * @param file survives the process and not a restart of the machine
 */
record PlaceNote(Path file) {
    CgroupLayout.V2 follow(CgroupLayout.V2 detected) throws IOException {
        Optional<CgroupLayout.V2> noted = read(detected);
        if (noted.isPresent()) {
            return noted.get();
        }
        Path fresh = Files.createTempFile(file.toAbsolutePath().getParent(), "cgroup-", ".new");
        Files.writeString(fresh, detected.parent().toString());
        try {
            // Of two first processes one wins.
            Files.createLink(file, fresh);
        } catch (FileAlreadyExistsException e) {
            noted = read(detected);
            if (noted.isEmpty()) {
                Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
            }
        } finally {
            Files.deleteIfExists(fresh);
        }
        return noted.orElse(detected);
    }

    /** Empty too when the group is gone: systemd removes that of a service that has ended, once nothing is in it. */
    private Optional<CgroupLayout.V2> read(CgroupLayout.V2 detected) throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        Path parent = Path.of(Files.readString(file));
        if (parent.equals(detected.parent())) {
            return Optional.of(detected);
        }
        return parent.startsWith(detected.mount()) && Files.isDirectory(parent)
                ? Optional.of(new CgroupLayout.V2(
                        detected.mount(), parent, false, "where this instance's sandboxes have been so far"))
                : Optional.empty();
    }
}

package dev.skerry.host.drivers;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Something that the launcher of our own makes inside a sandbox: docs/protocol.md, section 8.
 *
 * @param target an absolute path inside
 * @param flags of mount(2) for a new file system, of mount_setattr(2) for a bind
 */
record InsideStep(
        Kind kind,
        String target,
        Optional<String> source,
        Optional<String> type,
        Optional<String> options,
        long flags) {
    enum Kind {
        MOUNT,
        BIND,
        MASK,
        READ_ONLY,
        LINK;

        int number() {
            return ordinal() + 1;
        }
    }

    /** The same bits in both calls. */
    private static final long READ_ONLY = 1;

    private static final long NOSUID = 2;
    private static final long NODEV = 4;
    private static final long NOEXEC = 8;
    private static final long MS_STRICTATIME = 1 << 24;

    /** What an OCI configuration says of a mount. */
    static InsideStep of(OciConfig.Mount mount) {
        long flags = 0;
        StringBuilder rest = new StringBuilder();
        for (String option : mount.options()) {
            switch (option) {
                case "ro" -> flags |= READ_ONLY;
                case "nosuid" -> flags |= NOSUID;
                case "nodev" -> flags |= NODEV;
                case "noexec" -> flags |= NOEXEC;
                case "strictatime" -> flags |= MS_STRICTATIME;
                case "bind", "rw" -> {}
                default -> rest.append(rest.isEmpty() ? "" : ",").append(option);
            }
        }
        Optional<String> source = Optional.of(mount.source());
        if (mount.type().equals("bind")) {
            return new InsideStep(Kind.BIND, mount.destination(), source, Optional.empty(), Optional.empty(), flags);
        }
        return new InsideStep(
                Kind.MOUNT,
                mount.destination(),
                source,
                Optional.of(mount.type()),
                Optional.of(rest.toString()),
                flags);
    }

    static InsideStep device(String path) {
        return new InsideStep(Kind.BIND, path, Optional.of(path), Optional.empty(), Optional.empty(), NOSUID | NOEXEC);
    }

    static InsideStep link(String path, String content) {
        return new InsideStep(Kind.LINK, path, Optional.of(content), Optional.empty(), Optional.empty(), 0);
    }

    /** Hides a folder behind an empty one, a file behind the null device; missing is fine. */
    static InsideStep mask(String path, Path empty) {
        return new InsideStep(Kind.MASK, path, Optional.of(empty.toString()), Optional.empty(), Optional.empty(), 0);
    }

    static InsideStep readOnly(String path) {
        return new InsideStep(Kind.READ_ONLY, path, Optional.empty(), Optional.empty(), Optional.empty(), 0);
    }
}

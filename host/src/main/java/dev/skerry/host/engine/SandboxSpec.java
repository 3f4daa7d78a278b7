package dev.skerry.host.engine;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Privilege;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a sandbox shall be.
 *
 * @param name a label by which the sandbox is found again on this host ({@code skerry attach NAME}); unique among the
 *     living ones
 * @param template {@code base}, or the name or digest of an imported template
 * @param floor the weakest isolation that will do; the lowest level of this host that satisfies it is used
 * @param binds host folders or files shown inside, read-only
 * @param disk the image that is its writable layer; otherwise that is memory of the sandbox
 * @param folder in the root folder, there from the start; only where the writable layer is memory
 * @param fleeting of use to this process only; when that is gone, so shall be the sandbox, even if nobody ended it
 */
public record SandboxSpec(
        Optional<String> name,
        String template,
        Isolation floor,
        Limits limits,
        Privilege privilege,
        List<Bind> binds,
        Optional<Path> disk,
        Optional<OwnFolder> folder,
        boolean fleeting) {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9_.-]{0,62}");

    /** A host path shown read-only at an absolute path inside. */
    public record Bind(Path source, String target) {
        public Bind {
            if (!target.startsWith("/")
                    || target.indexOf('\0') >= 0
                    || target.contains("/../")
                    || target.endsWith("/..")) {
                throw new Failure(
                        ErrorCode.INVALID_REQUEST, "'" + target + "' is not an absolute path inside the sandbox");
            }
        }
    }

    /**
     * A folder in the root folder that belongs to somebody inside; it replaces what is no folder.
     *
     * @param id of the user and of the group inside
     */
    public record OwnFolder(String name, int id) {
        private static final Pattern FOLDER_NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");

        public OwnFolder {
            if (!FOLDER_NAME.matcher(name).matches() || id < 0 || id >= 1 << 16) {
                throw new IllegalArgumentException("not a folder: " + name + " of " + id);
            }
        }
    }

    public SandboxSpec {
        binds = List.copyOf(binds);
        if (name.isPresent() && !NAME.matcher(name.get()).matches()) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'" + name.get() + "' is not a sandbox name",
                    "use up to 63 of a-z, 0-9, '_', '.' and '-', starting with a letter or digit");
        }
    }

    public static SandboxSpec base(Isolation floor, Limits limits) {
        return new SandboxSpec(
                Optional.empty(),
                "base",
                floor,
                limits,
                Privilege.NONE,
                List.of(),
                Optional.empty(),
                Optional.empty(),
                false);
    }

    public SandboxSpec named(String value) {
        return new SandboxSpec(Optional.of(value), template, floor, limits, privilege, binds, disk, folder, fleeting);
    }

    public SandboxSpec fromTemplate(String value) {
        return new SandboxSpec(name, value, floor, limits, privilege, binds, disk, folder, fleeting);
    }

    public SandboxSpec withPrivilege(Privilege value) {
        return new SandboxSpec(name, template, floor, limits, value, binds, disk, folder, fleeting);
    }

    public SandboxSpec onDisk(Path image) {
        return new SandboxSpec(name, template, floor, limits, privilege, binds, Optional.of(image), folder, fleeting);
    }

    public SandboxSpec withBinds(List<Bind> value) {
        return new SandboxSpec(name, template, floor, limits, privilege, value, disk, folder, fleeting);
    }

    public SandboxSpec withFolder(OwnFolder value) {
        return new SandboxSpec(name, template, floor, limits, privilege, binds, disk, Optional.of(value), fleeting);
    }

    public SandboxSpec endingWithUs() {
        return new SandboxSpec(name, template, floor, limits, privilege, binds, disk, folder, true);
    }
}

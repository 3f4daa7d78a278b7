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
 */
public record SandboxSpec(
        Optional<String> name,
        String template,
        Isolation floor,
        Limits limits,
        Privilege privilege,
        List<Bind> binds,
        Optional<Path> disk) {
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
        return new SandboxSpec(Optional.empty(), "base", floor, limits, Privilege.NONE, List.of(), Optional.empty());
    }

    public SandboxSpec named(String value) {
        return new SandboxSpec(Optional.of(value), template, floor, limits, privilege, binds, disk);
    }

    public SandboxSpec fromTemplate(String value) {
        return new SandboxSpec(name, value, floor, limits, privilege, binds, disk);
    }

    public SandboxSpec withPrivilege(Privilege value) {
        return new SandboxSpec(name, template, floor, limits, value, binds, disk);
    }

    public SandboxSpec onDisk(Path image) {
        return new SandboxSpec(name, template, floor, limits, privilege, binds, Optional.of(image));
    }

    public SandboxSpec withBinds(List<Bind> value) {
        return new SandboxSpec(name, template, floor, limits, privilege, value, disk);
    }
}

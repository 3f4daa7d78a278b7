package dev.skerry.cli;

import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Launcher;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Privilege;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What kind of sandbox a command makes. */
final class SandboxOptions {
    private static final String BASE = "base";
    private static final int INODES_PER_MEBIBYTE = 200;

    @Option(
            names = "--isolation",
            paramLabel = "LEVEL",
            defaultValue = "container",
            description = "The weakest level that will do: container or gvisor (default: container).")
    private Isolation isolation = Isolation.CONTAINER;

    @Option(
            names = "--launcher",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "What starts a sandbox of level container: own, crun (runc where it is missing), or auto:"
                    + " own where it works (default: auto).")
    private Launcher launcher = Launcher.AUTO;

    @Option(
            names = "--template",
            paramLabel = "NAME",
            defaultValue = BASE,
            description = "The root file system (default: base, a view of this machine's own /usr).")
    private String template = BASE;

    @Option(names = "--memory", paramLabel = "SIZE", description = "512m, 1g, or bytes (default: 512m).")
    private Optional<Long> memory = Optional.empty();

    @Option(
            names = "--cpus",
            paramLabel = "N",
            converter = Quantities.Cpus.class,
            description = "CPUs it may use at a time, 0.5 for one (default: 1).")
    private Optional<Integer> cpuMillis = Optional.empty();

    @Option(names = "--pids", paramLabel = "N", description = "Processes and threads at a time (default: 256).")
    private Optional<Integer> pids = Optional.empty();

    @Option(names = "--disk", paramLabel = "SIZE", description = "What it may write; counts as memory (default: 512m).")
    private Optional<Long> disk = Optional.empty();

    @Option(
            names = "--network",
            paramLabel = "POLICY",
            defaultValue = "none",
            description = "none: its own loopback and nothing else. The only policy so far.")
    private String network = "none";

    @Option(names = "--env", paramLabel = "NAME=VALUE", description = "A variable of its environment; may be repeated.")
    private List<String> environment = List.of();

    @Option(names = "--workdir", paramLabel = "PATH", description = "Where the program starts (default: /box).")
    private Optional<String> workFolder = Optional.empty();

    @Option(
            names = "--user",
            paramLabel = "USER",
            defaultValue = "user",
            description = "Who it is inside: user, root, or UID[:GID] (default: user).")
    private String user = "user";

    @Option(names = "--id", paramLabel = "NAME", description = "A name for './skerry attach NAME'.")
    private Optional<String> name = Optional.empty();

    /** @param wallTime until the sandbox is killed, whoever is attached */
    SandboxSpec spec(Duration wallTime, Optional<Duration> cpuTime, Privilege privilege) {
        if (!network.equals("none")) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'" + network + "' is not a network policy of this version",
                    "use --network none, which is the default: the sandbox has its own loopback and nothing else");
        }
        var spec = SandboxSpec.base(isolation, limits(wallTime, cpuTime))
                .fromTemplate(template)
                .withPrivilege(privilege);
        return name.map(spec::named).orElse(spec);
    }

    private Limits limits(Duration wallTime, Optional<Duration> cpuTime) {
        Limits limits = Limits.DEFAULT.withWallTime(wallTime);
        limits = memory.map(limits::withMemoryBytes).orElse(limits);
        limits = cpuMillis.map(limits::withCpuMillis).orElse(limits);
        limits = pids.map(limits::withProcesses).orElse(limits);
        limits = cpuTime.map(limits::withCpuTime).orElse(limits);
        if (disk.isEmpty()) {
            return limits;
        }
        long mebibytes = Math.max(1, disk.get() >> 20);
        return limits.withDisk(disk.get(), Math.max(1024, mebibytes * INODES_PER_MEBIBYTE));
    }

    Map<String, String> environment() {
        return Pairs.environment("--env", environment);
    }

    Optional<String> workFolder() {
        if (workFolder.isPresent() && !workFolder.get().startsWith("/")) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST, "--workdir '" + workFolder.get() + "' is not an absolute path inside");
        }
        return workFolder;
    }

    Launcher launcher() {
        return launcher;
    }

    String user() {
        return user;
    }

    Optional<String> name() {
        return name;
    }
}

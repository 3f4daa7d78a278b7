package dev.skerry.host.drivers;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * gVisor's runsc: a user-space kernel between the sandbox and the host's. Runs on its {@code ptrace} platform, which
 * needs nothing of the host. The runtime stays as the parent of the sandbox, so the shim waits for it.
 */
public final class GvisorDriver implements Driver {
    /**
     * Tasks of the user-space kernel itself and of its stubs, which the host's pids limit counts too: at 128 a JVM's
     * start killed it.
     */
    private static final int TASKS_MIN = 1024;

    private final RuntimeProgram runtime;
    private final RuntimeVersion version;
    private final Optional<Path> statxCompat;

    /**
     * @param statxCompat a library that keeps old releases from refusing a flag of statx(2) that coreutils set;
     *     preloaded inside when present
     */
    public GvisorDriver(RuntimeProgram runtime, Optional<Path> statxCompat) {
        this.runtime = runtime;
        this.version = new RuntimeVersion(runtime);
        this.statxCompat = statxCompat;
    }

    @Override
    public Isolation level() {
        return Isolation.GVISOR;
    }

    @Override
    public String runtime() {
        return version.text();
    }

    @Override
    public Set<Feature> features() {
        return EnumSet.noneOf(Feature.class);
    }

    @Override
    public List<Finding> probe() {
        return List.of(runtime.finding());
    }

    /** What the cgroup's limit on tasks must be, given the number that the sandbox may have. */
    public static int hostTasks(int processes) {
        return Math.clamp(4L * processes, TASKS_MIN, Limits.PROCESSES_MAX);
    }

    @Override
    public ShimPlan plan(Launch launch) {
        ShimPlan plan = new ShimPlan();
        // Without MS_NODEV: the gofer remounts the root read-only, which the kernel refuses when a flag of it is
        // locked.
        Staging.rootFileSystem(plan, launch, 0);
        plan.uids(launch.uidBase(), Launch.UID_COUNT);

        OciConfig config = new OciConfig(launch)
                .userMapping(launch.uidBase(), Launch.UID_COUNT)
                .limits(ProcessLimit.all(launch.spec().limits()));
        // runsc puts a memory file system of its own on an empty /tmp, which no limit but memory would hold.
        Path temporary = launch.stage().resolve("writable/tmp");
        plan.mkdir(temporary, 01777, launch.uidBase());
        config.bindWritable(temporary, "/tmp");
        statxCompat.ifPresent(library -> {
            Path list = launch.runDir().resolve("ld.so.preload");
            Staging.write(list, OciConfig.OURS + "/statx-compat.so\n");
            Path stagedLibrary = launch.stage().resolve("statx-compat.so");
            Path stagedList = launch.stage().resolve("ld.so.preload");
            plan.touch(stagedLibrary).bindReadOnly(library, stagedLibrary);
            plan.touch(stagedList).bindReadOnly(list, stagedList);
            config.bind(stagedLibrary, OciConfig.OURS + "/statx-compat.so").bind(stagedList, "/etc/ld.so.preload");
        });
        Staging.write(launch.runDir().resolve("config.json"), config.json());

        List<String> command = List.of(
                runtime.path().toString(),
                "--root",
                state(launch).toString(),
                "--platform=ptrace",
                "--network=none",
                "--ignore-cgroups",
                "run",
                "--bundle",
                launch.runDir().toString(),
                launch.name());
        return plan.command(command, List.of("PATH=/usr/sbin:/usr/bin:/sbin:/bin"));
    }

    private static Path state(Launch launch) {
        return launch.runDir().resolve("runsc");
    }

    /** Its state files stay when it is killed; they are in the run folder, so nothing else has to know of them. */
    @Override
    public void sweep(Launch launch) {
        try (Stream<Path> files = Files.list(state(launch))) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
        } catch (NoSuchFileException e) {
            return;
        } catch (IOException e) {
            throw new Failure(ErrorCode.CONFLICT, "cannot remove runsc's state of " + launch.name(), e);
        }
    }
}

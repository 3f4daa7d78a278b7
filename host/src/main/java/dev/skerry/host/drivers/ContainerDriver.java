package dev.skerry.host.drivers;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.Privilege;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Linux namespaces on the host's own kernel, made by crun, or by runc where crun is missing. The runtime returns as
 * soon as process 1 runs, so an idle sandbox is guestd and its shim and nothing else.
 */
public final class ContainerDriver implements Driver {
    private static final Path PROC = Path.of("/proc");
    private static final Path SYS = Path.of("/sys");

    private final RuntimeProgram runtime;
    private final RuntimeVersion version;
    private final SeccompFilter filter;
    private final List<Finding> against;

    /**
     * The system call filter in both forms that runtimes take.
     *
     * @param base64 a compiled BPF program; a runtime that compiles the list itself costs 22 ms of CPU at every start
     */
    public record SeccompFilter(String base64, Map<String, Object> list) {}

    /** @param against why it is not our own launcher that makes them */
    ContainerDriver(RuntimeProgram runtime, SeccompFilter filter, List<Finding> against) {
        this.against = List.copyOf(against);
        this.runtime = runtime;
        this.version = new RuntimeVersion(runtime);
        this.filter = filter;
    }

    @Override
    public Isolation level() {
        return Isolation.CONTAINER;
    }

    @Override
    public String runtime() {
        return version.text();
    }

    @Override
    public Set<Feature> features() {
        return EnumSet.allOf(Feature.class);
    }

    @Override
    public List<Finding> probe() {
        List<Finding> findings = new ArrayList<>(against);
        findings.add(runtime.finding());
        return findings;
    }

    @Override
    public ShimPlan plan(Launch launch) {
        Path stage = launch.stage();
        ShimPlan plan = new ShimPlan();
        long flags = launch.spec().privilege() == Privilege.NONE ? ShimPlan.NOSUID_NODEV : ShimPlan.NODEV;
        Staging.rootFileSystem(plan, launch, flags);
        Path state = stage.resolve("state");
        Path program = stage.resolve("runtime");
        Path userNamespace = stage.resolve("userns");
        Path empty = stage.resolve("empty");
        plan.mkdir(state, 0700, 0).mkdir(empty, 0555, 0);
        // From a read-only mount the runtime need not copy itself into memory against being overwritten
        // (CVE-2019-5736): 2 ms less.
        plan.touch(program).bindReadOnly(runtime.path(), program);
        plan.userNamespace(userNamespace).uids(launch.uidBase(), Launch.UID_COUNT);

        OciConfig config = new OciConfig(launch).userNamespace(userNamespace);
        if (runtime.isCrun()) {
            config.annotation("run.oci.seccomp_bpf_data", filter.base64());
            config.hideBehind(empty, List.of(PROC, SYS));
        } else {
            // runc has no switch for it: where it can make cgroups it moves the sandbox out of ours.
            plan.readOnly(Path.of("/sys/fs/cgroup"));
            config.hideBehind(empty, List.of(SYS)); // runc refuses mounts below /proc
            config.seccomp(filter.list()).mappings(launch.uidBase(), Launch.UID_COUNT);
        }
        Staging.write(launch.runDir().resolve("config.json"), config.json());

        ProcessLimit.all(launch.spec().limits()).forEach(plan::limit);
        Path pidFile = stage.resolve("pid");
        plan.command(command(program, state, launch, pidFile), List.of("PATH=/usr/sbin:/usr/bin:/sbin:/bin"));
        return plan.detached(pidFile);
    }

    private List<String> command(Path program, Path state, Launch launch, Path pidFile) {
        List<String> command = new ArrayList<>(List.of(program.toString(), "--root", state.toString()));
        if (runtime.isCrun()) {
            command.add("--cgroup-manager=disabled");
        } else {
            command.add("--rootless=true"); // goes on without cgroups of its own
        }
        command.addAll(List.of("run", "--detach", "--bundle", launch.runDir().toString()));
        command.addAll(List.of("--pid-file", pidFile.toString(), launch.name()));
        return command;
    }
}

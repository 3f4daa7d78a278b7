package dev.skerry.host.drivers;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.Privilege;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Linux namespaces on the host's own kernel, made by the shim itself: the same sandbox that crun makes of
 * {@link OciConfig}, without a runtime's programs and files. Nothing is mounted through a symbolic link of the root.
 */
final class LaunchDriver implements Driver {
    static final String NAME = "own launcher";

    private static final List<String> DEVICES =
            List.of("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty");

    private static final Map<String, String> LINKS = Map.of(
            "/dev/fd", "/proc/self/fd",
            "/dev/stdin", "/proc/self/fd/0",
            "/dev/stdout", "/proc/self/fd/1",
            "/dev/stderr", "/proc/self/fd/2",
            "/dev/core", "/proc/kcore",
            "/dev/ptmx", "pts/ptmx");

    private final Path guestd;
    private final byte[] filter;

    /**
     * @param guestd which has the launcher in it
     * @param filter of system calls, a compiled BPF program
     */
    LaunchDriver(Path guestd, byte[] filter) {
        this.guestd = guestd;
        this.filter = filter.clone();
    }

    @Override
    public Isolation level() {
        return Isolation.CONTAINER;
    }

    @Override
    public String runtime() {
        return NAME;
    }

    @Override
    public Set<Feature> features() {
        return EnumSet.allOf(Feature.class);
    }

    @Override
    public List<Finding> probe() {
        return List.of(LaunchTrial.of(guestd).finding());
    }

    @Override
    public ShimPlan plan(Launch launch) {
        Path empty = launch.stage().resolve("empty");
        boolean noNewPrivileges = launch.spec().privilege() == Privilege.NONE;
        ShimPlan plan = new ShimPlan();
        Staging.rootFileSystem(plan, launch, noNewPrivileges ? ShimPlan.NOSUID_NODEV : ShimPlan.NODEV);
        plan.mkdir(empty, 0555, 0).uids(launch.uidBase(), Launch.UID_COUNT);
        plan.launch(
                launch.root(),
                OciConfig.HOSTNAME,
                Capability.bits(OciConfig.capabilities(launch.spec().privilege())),
                noNewPrivileges,
                filter);
        new OciConfig(launch).mounts().forEach(mount -> plan.inside(InsideStep.of(mount)));
        DEVICES.forEach(path -> plan.inside(InsideStep.device(path)));
        LINKS.forEach((path, content) -> plan.inside(InsideStep.link(path, content)));
        OciConfig.MASKED.forEach(path -> plan.inside(InsideStep.mask(path, empty)));
        OciConfig.READ_ONLY.forEach(path -> plan.inside(InsideStep.readOnly(path)));
        ProcessLimit.all(launch.spec().limits()).forEach(plan::limit);
        return plan.command(List.of(OciConfig.GUESTD), OciConfig.ENVIRONMENT);
    }
}

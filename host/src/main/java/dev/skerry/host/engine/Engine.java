package dev.skerry.host.engine;

import dev.skerry.host.cgroups.SandboxCgroup;
import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Drivers;
import dev.skerry.host.drivers.GvisorDriver;
import dev.skerry.host.drivers.Launch;
import dev.skerry.host.drivers.ShimPlan;
import dev.skerry.host.drivers.Spawner;
import dev.skerry.host.templates.Template;
import dev.skerry.host.templates.TemplateStore;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.stream.GuestConnection;
import dev.skerry.wire.stream.ShimTransport;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/**
 * Makes sandboxes on this host and finds them again. Several engines, in one process or in many, may share a data
 * folder: each controls the sandboxes that it made or attached to. Thread-safe.
 *
 * <p>A sandbox is written down before anything of it exists ({@link SandboxRecord}), and removed in the opposite order,
 * so that a crash at any point leaves something that {@link Reaper} recognises.
 */
public final class Engine implements AutoCloseable {
    private final EngineSettings settings;
    private final Installation installation;
    private final Drivers drivers;
    private final Spawner spawner;
    private final BootClock bootClock = new BootClock();
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();

    private Engine(
            EngineSettings settings, Installation installation, Drivers drivers, Spawner spawner, InstantSource clock) {
        this.settings = settings;
        this.installation = installation;
        this.drivers = drivers;
        this.spawner = spawner;
        this.clock = clock;
    }

    public static Engine open(EngineSettings settings) {
        return open(settings, Drivers.detect(settings.guestd().resolveSibling("")));
    }

    /** With drivers of the caller's choice: for tests that weaken one on purpose, and for comparisons. */
    public static Engine open(EngineSettings settings, Drivers drivers) {
        Installation installation = Installation.open(settings);
        return new Engine(
                settings, installation, drivers, Spawner.start(installation.guestd()), InstantSource.system());
    }

    public Drivers drivers() {
        return drivers;
    }

    /** The id that everything of this installation on the host carries. */
    public String instance() {
        return installation.instance().id();
    }

    /** Run folders of this instance that hold a range of uids. */
    public List<String> uidClaims() {
        String mine = installation.claim("");
        return installation.uids().claims().keySet().stream()
                .filter(claim -> claim.startsWith(mine))
                .toList();
    }

    public TemplateStore templates() {
        return installation.templates();
    }

    /** Makes a sandbox and waits until process 1 has said hello. On failure nothing is left. */
    public Sandbox create(SandboxSpec spec) {
        Driver driver = drivers.select(spec.floor());
        Template template = installation.templates().find(spec.template());
        SandboxId id = SandboxId.create(clock.instant(), random);
        long deadline = spec.limits()
                .wallTime()
                .map(wall -> bootClock.getAsLong() + wall.toMillis())
                .orElse(0L);
        SandboxRecord record = new SandboxRecord(
                id.text(),
                1,
                spec.name(),
                driver.level(),
                driver.runtime(),
                template.digest(),
                spec.privilege(),
                clock.millis(),
                deadline);
        RunFolder folder = installation.folder(record.folder());
        Remains remains = new Remains(installation, drivers, folder);
        folder.create(record);
        try {
            claimName(spec.name(), record.folder());
            return start(new Start(spec, driver, template, record, folder, remains));
        } catch (RuntimeException e) {
            boolean destroyed = folder.condemned();
            remains.remove();
            throw destroyed ? new Failure(ErrorCode.SANDBOX_GONE, "it was destroyed while it was starting", e) : e;
        }
    }

    /** A name that only a dead sandbox has is free. */
    private void claimName(Optional<String> name, String runFolder) {
        try {
            installation.names().claim(name, runFolder);
        } catch (Failure e) {
            Optional<String> holder = name.flatMap(installation.names()::find);
            if (e.code() != ErrorCode.CONFLICT || holder.isEmpty() || !reaper().reap(holder.get())) {
                throw e;
            }
            installation.names().claim(name, runFolder);
        }
    }

    private record Start(
            SandboxSpec spec,
            Driver driver,
            Template template,
            SandboxRecord record,
            RunFolder folder,
            Remains remains) {}

    private Sandbox start(Start start) {
        SandboxSpec spec = start.spec();
        String name = start.record().folder();
        SandboxCgroup cgroup =
                installation.cgroups().create(name, hostLimits(start.driver().level(), spec.limits()));
        long uidBase = installation.uids().claim(installation.claim(name)).first();
        Launch launch = new Launch(
                name, start.folder().path(), spec, start.template().lowerLayers(), uidBase, installation.guestd());
        ShimPlan plan = start.driver().plan(launch);
        plan.runDir(start.folder().path())
                .shimCgroups(cgroup.shimDirs())
                .boxCgroups(cgroup.boxDirs())
                .killProcs(cgroup.procsFiles())
                .deadlineMillis(start.record().deadlineMillis())
                .cpuLimitMicros(spec.limits()
                        .cpuTime()
                        .map(time -> time.toNanos() / 1000)
                        .orElse(0L))
                .startMillis(settings.startTimeout().toMillis())
                .cpuFile(cgroup.cpuUsageFile())
                .freezeFile(cgroup.freezeFile());
        cgroup.killFile().ifPresent(plan::killFile);
        spawner.spawn(plan, settings.startTimeout());
        return connect(start.record(), start.folder(), cgroup, start.remains(), settings.startTimeout());
    }

    private Sandbox connect(
            SandboxRecord record, RunFolder folder, SandboxCgroup cgroup, Remains remains, Duration timeout) {
        long epoch = folder.nextEpoch();
        try {
            ShimTransport transport = ShimTransport.connect(folder.socket(), epoch, timeout);
            GuestConnection guest = GuestConnection.open(transport, epoch, timeout);
            return new Sandbox(record, epoch, cgroup, transport, guest, remains);
        } catch (Failure e) {
            throw remains.recorded().map(end -> startFailure(end, e)).orElse(e);
        }
    }

    private static Failure startFailure(SandboxEnd end, Failure cause) {
        return switch (end.cause()) {
            case TIMED_OUT, CPU_TIME ->
                new Failure(
                        ErrorCode.DEADLINE_EXCEEDED,
                        "the sandbox reached its limit on "
                                + (end.cause() == SandboxEnd.Cause.TIMED_OUT ? "wall-clock" : "CPU")
                                + " time before it had started",
                        "the time of starting counts; give it more",
                        cause);
            case DESTROYED, OUT_OF_MEMORY, SHIM_LOST, HOST_REBOOTED ->
                new Failure(ErrorCode.SANDBOX_GONE, "the sandbox ended while it was starting: " + end.detail(), cause);
            case START_FAILED, GUEST_EXITED ->
                new Failure(
                        ErrorCode.UNSUPPORTED,
                        "the sandbox did not start: " + end.detail(),
                        "'skerry doctor' checks this host",
                        cause);
        };
    }

    /** What the cgroup is told, which knows nothing of what a user-space kernel needs for itself. */
    static Limits hostLimits(Isolation level, Limits limits) {
        return level == Isolation.GVISOR ? limits.withProcesses(GvisorDriver.hostTasks(limits.processes())) : limits;
    }

    /** Sandboxes of this instance that are alive, or whose end nobody has looked at yet; oldest first. */
    public List<SandboxView> list() {
        return RunFolder.list(installation.runFolder()).stream()
                .flatMap(folder -> folder.record().stream().map(record -> SandboxView.of(record, folder)))
                .toList();
    }

    /**
     * Takes control of a running sandbox, by name or id.
     *
     * @throws Failure {@code NOT_FOUND}; {@code CONFLICT} while another living process controls it;
     *     {@code SANDBOX_GONE} when it ended
     */
    public Sandbox attach(String nameOrId) {
        RunFolder folder = installation.find(nameOrId);
        SandboxRecord record = folder.record()
                .orElseThrow(() -> new Failure(ErrorCode.NOT_FOUND, "sandbox '" + nameOrId + "' never started"));
        Optional<ProcessIdentity> owner = folder.owner();
        if (owner.isPresent() && owner.get().alive() && !owner.get().equals(ProcessIdentity.self())) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "sandbox '" + nameOrId + "' is controlled by process "
                            + owner.get().pid(),
                    "end that process first");
        }
        Remains remains = new Remains(installation, drivers, folder);
        if (!folder.running()) {
            SandboxEnd end = remains.remove();
            throw new Failure(
                    ErrorCode.SANDBOX_GONE,
                    "sandbox '" + nameOrId + "' has ended: " + end.cause() + " " + end.detail());
        }
        SandboxCgroup cgroup = installation
                .cgroups()
                .find(record.folder())
                .orElseThrow(() -> new Failure(ErrorCode.SANDBOX_GONE, "the cgroup of '" + nameOrId + "' is gone"));
        Sandbox attached = connect(record, folder, cgroup, remains, settings.startTimeout());
        try {
            // Not before: of several that try at a time the shim takes one, and that one owns it.
            folder.own();
            return attached;
        } catch (RuntimeException e) {
            attached.release();
            throw e;
        }
    }

    /** Ends a sandbox, whoever controls it. */
    public void kill(String nameOrId) {
        new Remains(installation, drivers, installation.find(nameOrId)).destroy();
    }

    /** Removes what dead sandboxes of this instance left. */
    public Reaper reaper() {
        return new Reaper(installation, drivers);
    }

    /** Lets go of everything; sandboxes go on running until their deadline. */
    @Override
    public void close() {
        spawner.close();
    }
}

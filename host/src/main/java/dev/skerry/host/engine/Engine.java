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
import dev.skerry.wire.Privilege;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.AtDeadline;
import dev.skerry.wire.hosts.Deadline;
import dev.skerry.wire.hosts.HostListener;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.stream.GuestConnection;
import dev.skerry.wire.stream.ShimTransport;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
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
    /** A sandbox that is just ending answers nobody, and is not over yet. */
    private static final Duration ENDING_BOUND = Duration.ofSeconds(1);

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
        return open(settings, Drivers.detect(settings.guestd(), settings.launcher()));
    }

    /** With drivers of the caller's choice: for tests that weaken one on purpose, and for comparisons. */
    public static Engine open(EngineSettings settings, Drivers drivers) {
        Installation installation = Installation.open(settings);
        try {
            Spawner spawner = Spawner.start(installation.guestd());
            return new Engine(settings, installation, drivers, spawner, InstantSource.system());
        } catch (RuntimeException e) {
            installation.close();
            throw e;
        }
    }

    public Drivers drivers() {
        return drivers;
    }

    /** Of a data folder, which gets one if it has none. */
    public static String instanceOf(Path dataFolder) {
        return Instance.open(dataFolder, new SecureRandom()).id();
    }

    /** The id that everything of this installation on the host carries. */
    public String instance() {
        return installation.instance().id();
    }

    /** Where templates and disks of this installation are. */
    public Path dataFolder() {
        return installation.instance().dataFolder();
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
        return create(spec, template(spec.template(), spec.privilege()));
    }

    /** As {@link #create(SandboxSpec)}, for who has just looked the template of the spec up. */
    public Sandbox create(SandboxSpec spec, Template template) {
        Optional<Deadline> deadline = spec.limits()
                .wallTime()
                .map(wall -> new Deadline(clock.instant().plus(wall), AtDeadline.KILL));
        Incarnation incarnation = new Incarnation(SandboxId.create(clock.instant(), random), 1);
        return make(new Order(incarnation, spec, template, deadline, HostListener.NOBODY, Order.Purpose.OWN));
    }

    /**
     * Makes one that may become a life of a sandbox for a server, by {@link Sandbox#engage}. Until then nobody but this
     * process has a use for it, and it ends with that, whatever happens.
     *
     * @param spec of one that is fleeting
     * @param deadline when it ends though nobody has come for it and no process is left to end it
     * @param listener as for {@link #start}; it hears of its end before it is engaged, too
     */
    public Sandbox prepare(
            Incarnation incarnation, SandboxSpec spec, Template template, Instant deadline, HostListener listener) {
        if (!spec.fleeting()) {
            throw new IllegalArgumentException("what nobody has asked for does not outlive its maker");
        }
        Optional<Deadline> end = Optional.of(new Deadline(deadline, AtDeadline.KILL));
        return make(new Order(incarnation, spec, template, end, listener, Order.Purpose.MAYBE_HOSTED));
    }

    /**
     * Makes a life of a sandbox for a server: as {@link #create}, but the record of its end stays until
     * {@link #erase}.
     *
     * @param listener is told about its end, once nothing of it is left, and about being frozen by its deadline
     * @throws Failure {@code CONFLICT} when there is, or was, such an incarnation
     */
    public Sandbox start(
            Incarnation incarnation, SandboxSpec spec, Optional<Deadline> deadline, HostListener listener) {
        Template template = template(spec.template(), spec.privilege());
        return make(new Order(incarnation, spec, template, deadline, listener, Order.Purpose.HOSTED));
    }

    private Sandbox make(Order order) {
        SandboxSpec spec = order.spec();
        Driver driver = drivers.select(spec.floor());
        long deadline = order.deadline().map(each -> bootMillis(each.at())).orElse(0L);
        SandboxRecord record = order.record(driver, clock.millis(), deadline);
        RunFolder folder = installation.folder(record.folder());
        if (folder.exists()) {
            throw new Failure(ErrorCode.CONFLICT, "sandbox " + record.folder() + " exists on this host");
        }
        Remains remains = new Remains(installation, drivers, folder, order.lasting(record));
        folder.create(record);
        try {
            claimName(spec.name(), record.folder());
            return start(new Start(order, driver, record, folder, remains));
        } catch (RuntimeException e) {
            boolean destroyed = folder.condemned();
            remains.undo();
            throw destroyed ? new Failure(ErrorCode.SANDBOX_GONE, "it was destroyed while it was starting", e) : e;
        }
    }

    /** The template of a name or digest; {@code base} is another where sudo shall work. */
    public Template template(String nameOrDigest, Privilege privilege) {
        boolean sudo = nameOrDigest.equals(Template.BASE) && privilege == Privilege.SUDO;
        return sudo
                ? installation.templates().baseWithSudo()
                : installation.templates().find(nameOrDigest);
    }

    /** An instant on CLOCK_BOOTTIME, in milliseconds; never 0, which means none. */
    public long bootMillis(Instant at) {
        return Math.max(1, bootClock.getAsLong() + at.toEpochMilli() - clock.millis());
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

    private record Start(Order order, Driver driver, SandboxRecord record, RunFolder folder, Remains remains) {}

    private Sandbox start(Start start) {
        SandboxSpec spec = start.order().spec();
        SandboxRecord record = start.record();
        String name = record.folder();
        SandboxCgroup cgroup =
                installation.cgroups().create(name, hostLimits(start.driver().level(), spec.limits()));
        long uidBase = installation.uids().claim(installation.claim(name)).first();
        Launch launch = new Launch(
                name,
                start.folder().path(),
                spec,
                start.order().template().lowerLayers(),
                uidBase,
                installation.guestd());
        AtDeadline action = start.order().deadline().map(Deadline::action).orElse(AtDeadline.KILL);
        ShimPlan plan = start.driver().plan(launch);
        plan.runDir(start.folder().path())
                .shimCgroups(cgroup.shimDirs())
                .boxCgroups(cgroup.boxDirs())
                .killProcs(cgroup.procsFiles())
                .deadlineMillis(startDeadline(record.deadlineMillis(), action), action)
                .cpuLimitMicros(record.cpuMicros())
                .startMillis(settings.startTimeout().toMillis())
                .cpuFile(cgroup.cpuUsageFile())
                .freezeFile(cgroup.freezeFile());
        cgroup.killFile().ifPresent(plan::killFile);
        if (start.folder().condemned()) {
            throw new Failure(ErrorCode.SANDBOX_GONE, "it was destroyed before its shim was started");
        }
        spawner.spawn(plan, settings.startTimeout());
        Controls controls = new Controls(
                record, start.folder(), cgroup, start.remains(), start.order().listener());
        try {
            // Who uses a fleeting one speaks at once; whether it answers shows then.
            Sandbox sandbox = connect(controls, RunFolder.FIRST_EPOCH, !spec.fleeting());
            if (action == AtDeadline.FREEZE) {
                sandbox.deadline(record.deadlineMillis(), action);
            }
            return sandbox;
        } catch (Failure e) {
            throw start.remains().recorded().map(end -> StartFailure.of(end, e)).orElse(e);
        }
    }

    /** One that is frozen before it has said hello would never be found to have started. */
    private long startDeadline(long deadline, AtDeadline action) {
        long started = bootClock.getAsLong() + settings.startTimeout().toMillis();
        return action == AtDeadline.FREEZE ? Math.max(deadline, started) : deadline;
    }

    private record Controls(
            SandboxRecord record, RunFolder folder, SandboxCgroup cgroup, Remains remains, HostListener listener) {}

    /** @param greeted waits for the answer of process 1, which one that stands still does not give */
    private Sandbox connect(Controls controls, long epoch, boolean greeted) {
        Duration timeout = settings.startTimeout();
        SandboxRecord record = controls.record();
        ShimTransport transport =
                ShimTransport.connect(controls.folder().socket(), epoch, timeout, () -> controls.listener()
                        .frozen(record.incarnation()));
        if (record.isolation() == Isolation.CONTAINER) {
            transport.reachPortsBy(
                    new SandboxLoopback(transport.guestPid(), controls.cgroup().procsFiles()));
        }
        GuestConnection guest =
                greeted ? GuestConnection.open(transport, epoch, timeout) : GuestConnection.begin(transport, epoch);
        return new Sandbox(record, epoch, controls.cgroup(), transport, guest, controls.remains(), controls.listener());
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
        return take(folder, record, HostListener.NOBODY);
    }

    /**
     * Takes control of a server's sandbox that is running or frozen, whoever has it: the shim serves the last who
     * comes. Does not wait for process 1.
     *
     * @throws Failure {@code SANDBOX_GONE} when it ended, or there is none
     */
    public Sandbox adopt(Incarnation incarnation, HostListener listener) {
        RunFolder folder = installation.folder(incarnation.toString());
        SandboxRecord record = folder.record()
                .orElseThrow(() -> new Failure(ErrorCode.SANDBOX_GONE, "sandbox " + incarnation + " is not here"));
        return take(folder, record, listener);
    }

    private Sandbox take(RunFolder folder, SandboxRecord record, HostListener listener) {
        Remains remains = new Remains(installation, drivers, folder);
        if (!folder.running()) {
            throw ended(record, remains);
        }
        SandboxCgroup cgroup = installation.cgroups().find(record.folder()).orElseThrow(() -> ended(record, remains));
        Sandbox attached;
        try {
            attached = connect(
                    new Controls(record, folder, cgroup, remains, listener), folder.nextEpoch(), !record.hosted());
        } catch (Failure e) {
            boolean ending = e.code() == ErrorCode.SANDBOX_GONE && folder.stopsWithin(ENDING_BOUND);
            throw ending ? ended(record, remains) : e;
        }
        try {
            // Not before: of several that try at a time the shim takes one, and that one owns it.
            folder.own();
            return attached;
        } catch (RuntimeException e) {
            attached.release();
            throw e;
        }
    }

    private static Failure ended(SandboxRecord record, Remains remains) {
        SandboxEnd end = remains.remove();
        return new Failure(
                ErrorCode.SANDBOX_GONE, "sandbox '" + record.id() + "' has ended: " + end.cause() + " " + end.detail());
    }

    /** Lets go of a server's sandbox, so that nobody is taken for its controller. */
    public void disown(Incarnation incarnation) {
        installation.folder(incarnation.toString()).disown();
    }

    /** Lives of sandboxes that a server had made here, oldest first; those without a state never came to run. */
    public List<SandboxView> hosted() {
        return list().stream().filter(view -> view.record().hosted()).toList();
    }

    /** How a server's sandbox ended, where that is written down. */
    public Optional<SandboxEnd> end(Incarnation incarnation) {
        return installation.folder(incarnation.toString()).end();
    }

    /** Ends a server's sandbox, and removes its record too. Success when there is none. */
    public void erase(Incarnation incarnation) {
        new Remains(installation, drivers, installation.folder(incarnation.toString())).erase();
    }

    /** Removes what is left of one that has ended, so that its end is written down; or all of one that never ran. */
    public void settle(Incarnation incarnation) {
        new Remains(installation, drivers, installation.folder(incarnation.toString())).remove();
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
        installation.close();
    }
}

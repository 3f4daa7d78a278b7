package dev.skerry.host.agent;

import dev.skerry.host.disks.Disks;
import dev.skerry.host.drivers.Drivers;
import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.EngineSettings;
import dev.skerry.host.engine.Sandbox;
import dev.skerry.host.jobs.JobSandboxes;
import dev.skerry.host.jobs.LocalJobHost;
import dev.skerry.host.pools.PooledSupply;
import dev.skerry.host.pools.Prestarter;
import dev.skerry.host.pools.ReadySandboxes;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.Usage;
import dev.skerry.wire.hosts.AtDeadline;
import dev.skerry.wire.hosts.Deadline;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostFacts;
import dev.skerry.wire.hosts.HostId;
import dev.skerry.wire.hosts.HostListener;
import dev.skerry.wire.hosts.HostTemplate;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.hosts.SandboxNeeds;
import dev.skerry.wire.hosts.StartSandbox;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.stream.GuestConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This machine as a host, in the process of its server. There is one agent per data folder; it finds again what an
 * earlier one has left running, whatever ended that one. Sandboxes that other commands make in the same data folder are
 * none of its business. Those of jobs are, but end with it: what an earlier one has left of them is removed.
 *
 * <p>A life that keeps its disk lies on the template that the disk was made with, whatever name is asked for then; a
 * life that does not keep one has its writable layer in memory.
 */
public final class LocalAgent implements HostAgent {
    private static final Logger LOG = LoggerFactory.getLogger(LocalAgent.class);

    /** On top of the time for a start, for what waits for one. */
    private static final Duration START_SLACK = Duration.ofMinutes(3);

    private static final Duration ENDING_BOUND = Duration.ofSeconds(10);
    private static final Duration DISK_BOUND = Duration.ofSeconds(30);
    private static final Duration RETRY = Duration.ofMillis(20);

    private final HostId id;
    private final Engine engine;
    private final Disks disks;
    private final DataFolderHold hold;
    private final HostFactsReader facts;
    private final Duration startBound;
    private final Reports reports = new Reports();
    private final Noticing noticing = new Noticing();
    private final ConcurrentHashMap<Incarnation, Life> lives = new ConcurrentHashMap<>();
    private final DiskHolders holders = new DiskHolders();
    private final Erased erased = new Erased();
    private final Starts starts;
    private final Recovery recovery;
    private final Commands commands = new Commands();
    private final LocalJobHost jobs;
    private final ReadySandboxes ready;

    private LocalAgent(EngineSettings settings, HostId id, Engine engine, DataFolderHold hold) {
        this.id = id;
        this.engine = engine;
        this.hold = hold;
        this.disks = Disks.open(settings.dataFolder());
        this.facts = new HostFactsReader(id, engine.drivers(), disks);
        JobSandboxes sandboxes = new JobSandboxes(engine);
        PooledSupply supply = new PooledSupply(engine, sandboxes, Prestarter.interpreters(), disks);
        this.jobs = new LocalJobHost(engine, sandboxes, supply);
        this.ready = supply.ready();
        this.starts = new Starts(engine, disks, holders, ready, noticing);
        this.recovery = new Recovery(engine, disks, holders, noticing);
        this.startBound = settings.startTimeout().plus(START_SLACK);
    }

    /**
     * Takes the data folder and finds its sandboxes again; hundreds in less than a second.
     *
     * @throws Failure {@code CONFLICT} naming the process that has the data folder; {@code UNSUPPORTED}
     */
    public static LocalAgent open(EngineSettings settings, HostId id) throws InterruptedException {
        return open(settings, id, Drivers.detect(settings.guestd(), settings.launcher()));
    }

    /** With drivers of the caller's choice. */
    public static LocalAgent open(EngineSettings settings, HostId id, Drivers drivers) throws InterruptedException {
        return open(settings, id, drivers, 0);
    }

    /** For one of several servers, by its right to the host; {@code CONFLICT} also after one of a higher epoch. */
    public static LocalAgent open(EngineSettings settings, HostId id, Drivers drivers, long epoch)
            throws InterruptedException {
        DataFolderHold hold = DataFolderHold.take(settings.dataFolder());
        try {
            if (epoch > 0) {
                AgentEpoch.raise(settings.dataFolder(), epoch);
            }
            Engine engine = Engine.open(settings, drivers);
            try {
                LocalAgent agent = new LocalAgent(settings, id, engine, hold);
                agent.recovery.findAll(agent.lives);
                agent.recovery.clear();
                return agent;
            } catch (RuntimeException | InterruptedException e) {
                engine.close();
                throw e;
            }
        } catch (RuntimeException | InterruptedException e) {
            hold.close();
            throw e;
        }
    }

    /** What happens to sandboxes, first told to their lives. */
    private final class Noticing implements HostListener {
        @Override
        public void ended(Incarnation incarnation, SandboxEnd end) {
            Life life = lives.get(incarnation);
            if (life != null) {
                life.ended(end, () -> {
                    holders.release(life);
                    reports.ended(incarnation, end);
                });
            }
        }

        @Override
        public void frozen(Incarnation incarnation) {
            reports.frozen(incarnation);
        }
    }

    @Override
    public HostId id() {
        return id;
    }

    @Override
    public HostFacts facts() {
        return facts.read();
    }

    @Override
    public Optional<SandboxId> reserve(SandboxNeeds needs) throws InterruptedException {
        try (var _ = commands.enter()) {
            return ready.reserve(needs);
        }
    }

    @Override
    public void giveBack(SandboxId id) {
        ready.giveBack(id);
    }

    @Override
    public HostedSandbox start(StartSandbox command) throws InterruptedException {
        try (var _ = commands.enter()) {
            return entered(command);
        }
    }

    private HostedSandbox entered(StartSandbox command) throws InterruptedException {
        Incarnation incarnation = command.incarnation();
        Life fresh =
                Life.starting(command, engine.drivers().select(command.floor()).level());
        Life life = lives.computeIfAbsent(incarnation, key -> fresh);
        if (life == fresh) {
            Thread.ofVirtual().name("start-" + incarnation).start(() -> begin(fresh, command));
        }
        Sandbox sandbox = life.sandbox(startBound);
        if (sandbox.guest().closed()) {
            throw awaitGone(life, sandbox);
        }
        return life.view().orElseThrow(life::gone);
    }

    private void begin(Life life, StartSandbox command) {
        try {
            requireNoLater(life.incarnation());
            life.runs(starts.start(life, command));
        } catch (RuntimeException e) {
            lives.remove(life.incarnation(), life);
            life.failed(e);
        }
    }

    private void requireNoLater(Incarnation incarnation) {
        boolean late = erased.has(incarnation)
                || lives.keySet().stream()
                        .anyMatch(other ->
                                other.id().equals(incarnation.id()) && other.generation() > incarnation.generation());
        if (late) {
            throw new Failure(ErrorCode.SANDBOX_GONE, "sandbox " + incarnation + " was destroyed on this host");
        }
    }

    /** Does something with a sandbox that runs or is frozen; what fails because it is just ending says so. */
    private <T> T with(Incarnation incarnation, Function<Sandbox, T> action) {
        Life life = lives.get(incarnation);
        if (life == null) {
            throw new Failure(ErrorCode.SANDBOX_GONE, "sandbox " + incarnation + " is not on this host");
        }
        try (var _ = commands.enter()) {
            recovery.find(life);
            Sandbox sandbox = life.sandbox(startBound);
            try {
                T result = action.apply(sandbox);
                if (!sandbox.guest().closed()) {
                    return result;
                }
            } catch (Failure e) {
                if (!sandbox.guest().closed()) {
                    throw e;
                }
            }
            throw awaitGone(life, sandbox);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(ErrorCode.SANDBOX_GONE, "interrupted while waiting for " + incarnation, e);
        }
    }

    private Failure awaitGone(Life life, Sandbox sandbox) throws InterruptedException {
        sandbox.awaitEnd(ENDING_BOUND);
        return life.gone();
    }

    @Override
    public void freeze(Incarnation incarnation) {
        with(incarnation, sandbox -> {
            sandbox.pause();
            return true;
        });
    }

    @Override
    public void thaw(Incarnation incarnation) {
        with(incarnation, sandbox -> {
            sandbox.resume();
            return true;
        });
    }

    @Override
    public void deadline(Incarnation incarnation, Optional<Deadline> deadline) {
        with(incarnation, sandbox -> {
            sandbox.deadline(
                    deadline.map(each -> engine.bootMillis(each.at())).orElse(0L),
                    deadline.map(Deadline::action).orElse(AtDeadline.KILL));
            return true;
        });
    }

    @Override
    public GuestConnection guest(Incarnation incarnation) {
        return with(incarnation, Sandbox::guest);
    }

    @Override
    public Usage usage(Incarnation incarnation) {
        Usage usage = with(incarnation, Sandbox::usage);
        Life life = lives.get(incarnation);
        return life != null && life.onDisk() ? usage.withDiskBytes(disks.allocatedBytes(incarnation.id())) : usage;
    }

    @Override
    public void destroy(Incarnation incarnation, Duration grace) {
        try (var _ = commands.enter()) {
            entered(incarnation, grace);
        }
    }

    private void entered(Incarnation incarnation, Duration grace) {
        erased.add(incarnation);
        ready.drop(incarnation);
        Life life = lives.get(incarnation);
        try {
            if (life != null && grace.isPositive()) {
                life.findToEnd();
            }
            while (life != null && life.pending() && !life.settles(RETRY)) {
                engine.erase(incarnation);
            }
            if (life != null && !life.over()) {
                life.end(grace);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        engine.erase(incarnation);
        if (life != null) {
            if (life.onDisk() && !disks.awaitFree(incarnation.id(), DISK_BOUND, () -> holders.passedOn(life))) {
                throw new Failure(
                        ErrorCode.DEADLINE_EXCEEDED,
                        "the disk of " + incarnation + " is still being written " + DISK_BOUND.toSeconds()
                                + " s after its end",
                        "try again");
            }
            holders.release(life);
            lives.remove(incarnation, life);
        }
    }

    @Override
    public void discardDisk(SandboxId id) {
        try (var _ = commands.enter()) {
            holders.remove(id, () -> disks.discard(id));
        }
    }

    @Override
    public List<HostedSandbox> list() {
        return lives.values().stream()
                .flatMap(life -> life.view().stream())
                .sorted(Comparator.comparing(hosted -> hosted.incarnation().toString()))
                .toList();
    }

    @Override
    public List<SandboxId> disks() {
        return disks.list().stream().filter(id -> !ready.waits(id)).toList();
    }

    @Override
    public List<HostTemplate> templates() {
        return new Templates(engine, jobs).list();
    }

    @Override
    public HostTemplate importTemplate(Path image, String name) {
        return new Templates(engine, jobs).importImage(image, name);
    }

    @Override
    public void removeTemplate(String name) {
        new Templates(engine, jobs)
                .remove(
                        name,
                        digest -> lives.values().stream().anyMatch(life -> life.liesOn(name, digest))
                                || disks.list().stream()
                                        .anyMatch(id -> disks.template(id).equals(Optional.of(digest))));
    }

    @Override
    public JobHost jobs() {
        return jobs;
    }

    @Override
    public void listen(HostListener listener) {
        reports.add(listener);
    }

    /** Returns when no command is being carried out any more: whoever has the host next is alone with it. */
    @Override
    public void close() {
        commands.end();
        try (hold;
                engine;
                jobs;
                reports;
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            lives.values().forEach(life -> threads.execute(() -> letGo(life)));
        }
    }

    private void letGo(Life life) {
        try {
            if (life.pending()) {
                life.settles(startBound);
            }
            Optional<Sandbox> here = life.here();
            if (here.isPresent()) {
                here.get().detach();
                engine.disown(life.incarnation());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.atDebug().setCause(e).log("let go of what was not held");
        }
    }
}

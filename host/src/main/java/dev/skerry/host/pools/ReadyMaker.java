package dev.skerry.host.pools;

import dev.skerry.host.disks.Disks;
import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.Sandbox;
import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.host.jobs.EngineSandbox;
import dev.skerry.host.templates.Template;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostListener;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.jobs.PoolPlan;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes sandboxes for a server's clients who have not come yet: each runs on a disk of its own, under an id that nobody
 * was told. Like those for jobs they end with this process, or when they are too old. Thread-safe.
 */
final class ReadyMaker implements Maker<Member> {
    private static final Logger LOG = LoggerFactory.getLogger(ReadyMaker.class);

    private static final Duration HELLO_BOUND = Duration.ofSeconds(10);
    private static final Duration LIFE_MAX = Inventory.AGE_MAX.plusMinutes(5);
    private static final Duration DISK_BOUND = Duration.ofSeconds(30);

    /** Sandboxes that somebody asks for must still find room for their disks: for so many, or none is made. */
    private static final int ROOM_FOR = 4;

    private final Engine engine;
    private final Disks disks;
    private final InstantSource clock;
    private final LongSupplier nanoClock;
    private final SecureRandom random = new SecureRandom();
    private final Map<Privilege, TemplateDigests> digests = new EnumMap<>(Privilege.class);
    private final Map<SandboxId, Waiting> waiting = new ConcurrentHashMap<>();

    /** @param owner who will hear of its end, once it has one */
    private record Waiting(long since, CompletableFuture<HostListener> owner) implements HostListener {
        @Override
        public void ended(Incarnation incarnation, SandboxEnd end) {
            var _ = owner.thenAccept(listener -> listener.ended(incarnation, end));
        }

        @Override
        public void frozen(Incarnation incarnation) {
            var _ = owner.thenAccept(listener -> listener.frozen(incarnation));
        }
    }

    ReadyMaker(Engine engine, Disks disks, InstantSource clock, LongSupplier nanoClock) {
        this.engine = engine;
        this.disks = disks;
        this.clock = clock;
        this.nanoClock = nanoClock;
        for (Privilege privilege : Privilege.values()) {
            digests.put(privilege, new TemplateDigests(engine, privilege, nanoClock));
        }
    }

    private static PoolPlan.Shape shape(PoolPlan plan) {
        return plan.shape().orElseThrow();
    }

    private TemplateDigests digests(PoolPlan.Shape shape) {
        return digests.getOrDefault(shape.privilege(), new TemplateDigests(engine, shape.privilege(), nanoClock));
    }

    /** For a claim. */
    String digest(String template, PoolPlan.Shape shape) {
        return digests(shape).now(template);
    }

    /** Whether it waits, is being made, or is being closed. */
    boolean waits(SandboxId id) {
        return waiting.containsKey(id);
    }

    @Override
    public void prepare(PoolPlan plan) {
        digests(shape(plan)).lately(plan.template());
    }

    @Override
    public Member make(PoolPlan plan) throws InterruptedException {
        Plans.requireLevel(engine, plan);
        PoolPlan.Shape shape = shape(plan);
        Limits limits = Limits.DEFAULT
                .withMemoryBytes(plan.sandboxBytes())
                .withDisk(shape.diskBytes(), shape.diskInodes())
                .withoutWallTime();
        if (!disks.fit(limits, 1 + ROOM_FOR)) {
            throw new Failure(
                    ErrorCode.NO_SPACE,
                    "there is hardly room for the disks of sandboxes that somebody asks for",
                    "give the data folder more space");
        }
        Template template = engine.template(plan.template(), shape.privilege());
        SandboxId id = SandboxId.create(clock.instant(), random);
        waiting.put(id, new Waiting(nanoClock.getAsLong(), new CompletableFuture<>()));
        boolean good = false;
        try {
            Sandbox sandbox = start(id, plan, limits, template);
            sandbox.guest().ping(HELLO_BOUND);
            good = true;
            return new Member(new EngineSandbox(sandbox, template), plan, template.digest(), limits, Optional.empty());
        } finally {
            if (!good) {
                remove(id);
            }
        }
    }

    private Sandbox start(SandboxId id, PoolPlan plan, Limits limits, Template template) {
        Disks.Disk disk = disks.prepare(id, limits, template.digest());
        SandboxSpec spec = SandboxSpec.base(plan.isolation(), limits)
                .fromTemplate(template.digest())
                .withPrivilege(shape(plan).privilege())
                .onDisk(disk.image())
                .endingWithUs();
        Waiting listener = waiting.get(id);
        if (listener == null) {
            throw new IllegalStateException(id + " does not wait");
        }
        return engine.prepare(first(id), spec, template, clock.instant().plus(LIFE_MAX), listener);
    }

    static Incarnation first(SandboxId id) {
        return new Incarnation(id, 1);
    }

    /** One that was engaged: from now on, and since it was, that one hears of its end; and it waits no more. */
    void owned(SandboxId id, HostListener listener) {
        Waiting known = waiting.remove(id);
        if (known != null) {
            known.owner().complete(listener);
        }
    }

    @Override
    public boolean alive(Member member, Runnable meanwhile) throws InterruptedException {
        return JobMaker.answers(member.sandbox().sandbox(), meanwhile);
    }

    @Override
    public boolean current(Member member) {
        PoolPlan plan = member.plan();
        Waiting known = waiting.get(member.sandbox().sandbox().id());
        boolean old = known == null || nanoClock.getAsLong() - known.since() > Inventory.AGE_MAX.toNanos();
        try {
            return !old && digests(shape(plan)).lately(plan.template()).equals(member.digest());
        } catch (Failure e) {
            if (e.code() == ErrorCode.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public boolean fits(Member member, Want want) {
        return member.digest().equals(want.digest());
    }

    @Override
    public long bytes(Member member) {
        return member.sandbox().usage().memoryBytes();
    }

    @Override
    public void close(Member member) {
        try {
            member.sandbox().close();
        } catch (Failure e) {
            LOG.atDebug().setCause(e).log("a sandbox that waited is ended by others");
        } finally {
            remove(member.sandbox().sandbox().id());
        }
    }

    /** Whatever there is of it, even by a thread that is told to stop. */
    private void remove(SandboxId id) {
        boolean interrupted = Thread.interrupted();
        try {
            engine.erase(first(id));
            if (disks.awaitFree(id, DISK_BOUND, () -> false)) {
                disks.discard(id);
            }
        } finally {
            waiting.remove(id);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

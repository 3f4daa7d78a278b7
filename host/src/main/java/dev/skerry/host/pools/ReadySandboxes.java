package dev.skerry.host.pools;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.Sandbox;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.AtDeadline;
import dev.skerry.wire.hosts.Deadline;
import dev.skerry.wire.hosts.HostListener;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.hosts.SandboxNeeds;
import dev.skerry.wire.hosts.StartSandbox;
import dev.skerry.wire.jobs.PoolPlan;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives a server the sandboxes that wait for its clients: first the id, so that the server can store what is to become
 * of it, then the sandbox, to whoever starts that id. Thread-safe.
 */
public final class ReadySandboxes implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReadySandboxes.class);

    private final Engine engine;
    private final ReadyMaker maker;
    private final Pools<Member> pools;
    private final InstantSource clock;
    private final Map<SandboxId, Pools.Claim<Member>> reserved = new ConcurrentHashMap<>();

    ReadySandboxes(Engine engine, ReadyMaker maker, Pools<Member> pools, InstantSource clock) {
        this.engine = engine;
        this.maker = maker;
        this.pools = pools;
        this.clock = clock;
    }

    /** Takes one out of its pool, for whoever starts its id. Empty: none is ready. */
    public Optional<SandboxId> reserve(SandboxNeeds needs) throws InterruptedException {
        PoolPlan.Shape shape = new PoolPlan.Shape(
                needs.privilege(), needs.limits().diskBytes(), needs.limits().diskInodes());
        if (!pools.planned(needs.template(), Optional.of(shape))) {
            return Optional.empty();
        }
        Isolation level = engine.drivers().select(needs.floor()).level();
        Want want = new Want(
                needs.template(), maker.digest(needs.template(), shape), level, _ -> false, Optional.of(shape));
        Optional<Pools.Claim<Member>> claim = pools.claim(want, _ -> {});
        claim.ifPresent(each -> reserved.put(id(each), each));
        return claim.map(ReadySandboxes::id);
    }

    private static SandboxId id(Pools.Claim<Member> claim) {
        return claim.member().sandbox().sandbox().id();
    }

    /** Puts one back that was reserved and not started. */
    public void giveBack(SandboxId id) {
        take(id).ifPresent(pools::giveBack);
    }

    /** Ends one that was reserved and not started. */
    public void drop(Incarnation incarnation) {
        if (incarnation.equals(ReadyMaker.first(incarnation.id()))) {
            take(incarnation.id()).ifPresent(claim -> maker.close(claim.member()));
        }
    }

    private Optional<Pools.Claim<Member>> take(SandboxId id) {
        return Optional.ofNullable(reserved.remove(id));
    }

    /** Whether it was reserved, and has not been started. */
    public boolean has(Incarnation incarnation) {
        return incarnation.generation() == 1 && reserved.containsKey(incarnation.id());
    }

    /**
     * Starts one that was reserved. Empty, with nothing left of it, where that cannot be: it ended while it waited.
     *
     * @param listener hears of its end, and of being frozen
     */
    public Optional<Sandbox> start(StartSandbox command, HostListener listener) {
        return take(command.incarnation().id()).flatMap(claim -> start(claim.member(), command, listener));
    }

    private Optional<Sandbox> start(Member member, StartSandbox command, HostListener listener) {
        Sandbox sandbox = member.sandbox().sandbox();
        try {
            sandbox.engage(
                    command.limits().withoutWallTime(),
                    command.deadline().map(each -> engine.bootMillis(each.at())).orElse(0L),
                    command.deadline().map(Deadline::action).orElse(AtDeadline.KILL),
                    clock.millis());
            maker.owned(sandbox.id(), listener);
            return Optional.of(sandbox);
        } catch (RuntimeException e) {
            LOG.atWarn().setCause(e).log("a sandbox that waited cannot be given to its client");
            maker.close(member);
            return Optional.empty();
        }
    }

    /** Whether it waits, is reserved, being made, or being closed. */
    public boolean waits(SandboxId id) {
        return maker.waits(id);
    }

    /** What is done for a client begins. */
    public Work work() {
        return pools.work();
    }

    /** Ends what is reserved; of what cannot be ended now, the next process removes what is left. */
    @Override
    public void close() {
        for (SandboxId id : Set.copyOf(reserved.keySet())) {
            try {
                drop(ReadyMaker.first(id));
            } catch (RuntimeException e) {
                LOG.atWarn().setCause(e).log("a sandbox that was reserved could not be ended");
            }
        }
    }
}

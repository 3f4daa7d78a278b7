package dev.skerry.server.sandboxes;

import dev.skerry.server.leases.InMemoryLeases;
import dev.skerry.server.leases.Lease;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.Incarnation;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * One random history of two servers that share a store, a table of leases and a host, on one thread and virtual clocks,
 * decided by a seed. A server may end anywhere, or stand still for longer than its lease in the middle of any call,
 * while the other goes on; replies are lost; wall clocks jump, and that of the table of leases. In the end all trouble
 * stops, and what is stored, what the host has and what was written on the way is looked at.
 */
final class SharedSimulation {
    static final String LEASE = "host:simulated";
    static final Duration TTL = Duration.ofSeconds(3);
    private static final int STEPS = 120;
    private static final int NESTING_MAX = 3;
    private static final int CALM_ROUNDS = 60;
    private static final List<Lifetime> LIFETIMES =
            List.of(Lifetime.ENDS, Samples.PAUSES, Samples.PAUSES_TO_DISK, Samples.WAKES);

    /** What can be wrong with the servers, to see that it is found. */
    enum Fault {
        NONE,
        /** The store takes what a server writes that has lost its lease. */
        NO_FENCE,
        /** The host takes commands of one that has lost it. */
        NO_EPOCH,
        /** A lease is renewed after it has expired. */
        REVIVED_LEASE,
        /** The host hears of a sandbox before it is stored. */
        ACTS_BEFORE_STORING
    }

    final Random random;
    final SandboxStore truth = new InMemorySandboxStore();
    final SimulatedHost host = new SimulatedHost();
    final Leases leases;
    final List<String> violations = new ArrayList<>();
    final Set<SandboxId> known = new LinkedHashSet<>();
    final EnumSet<Seen> seen = EnumSet.noneOf(Seen.class);
    private final Fault fault;
    private final List<SharedServer> servers;
    private long nanos = 1L << 40;
    private long tableSkewMicros;
    private boolean calm;
    private int nesting;

    /** What a history has shown; those of a run together should have shown all. */
    enum Seen {
        TAKE_OVER,
        STALE_WRITE_REFUSED,
        STALE_COMMAND_REFUSED
    }

    SharedSimulation(long seed, Fault fault) {
        this.random = new Random(seed);
        this.fault = fault;
        this.leases = new Leases();
        this.servers = List.of(new SharedServer(this, "a", seed), new SharedServer(this, "b", seed + 1_000_000));
        if (fault == Fault.NO_EPOCH) {
            host.epochs.ignore();
        }
        host.trouble(new HostTrouble());
    }

    /** The table, by a clock of its own, which jumps ahead and then expires leases early. */
    final class Leases extends InMemoryLeases {
        private long greatest;

        Leases() {
            super(() -> nanos / 1000 + tableSkewMicros);
        }

        @Override
        public synchronized Optional<Lease> acquire(String id, Candidate candidate, Duration ttl) {
            Optional<Holder> holder = holder(id);
            Optional<Lease> lease = super.acquire(id, candidate, ttl);
            if (lease.isPresent()) {
                if (holder.isPresent() || lease.get().fence() <= greatest) {
                    violations.add("the lease was given twice: " + lease.get());
                }
                if (greatest > 0) {
                    seen.add(Seen.TAKE_OVER);
                }
                greatest = lease.get().fence();
            }
            return lease;
        }

        @Override
        public synchronized boolean renew(Lease lease, Duration ttl) {
            boolean valid = unexpired(lease);
            boolean renewed = fault == Fault.REVIVED_LEASE ? revive(lease, ttl) : super.renew(lease, ttl);
            if (renewed && !valid) {
                violations.add("an expired lease was revived: " + lease);
            }
            return renewed;
        }
    }

    Fault fault() {
        return fault;
    }

    /** @return what was found wrong; empty: nothing */
    List<String> run() {
        for (int i = 0; i < STEPS; i++) {
            step(servers.get(random.nextInt(2)));
        }
        calm = true;
        servers.forEach(SharedServer::restart);
        for (int i = 0; i < CALM_ROUNDS; i++) {
            servers.forEach(SharedServer::calmRound);
            pass(Duration.ofMillis(1_700));
            servers.forEach(SharedServer::renew);
        }
        violations.addAll(host.violations());
        if (host.epochs.refused() > 0) {
            seen.add(Seen.STALE_COMMAND_REFUSED);
        }
        check();
        return violations;
    }

    /** Something that a server does, or that happens to it. */
    private void step(SharedServer server) {
        if (server.busy > 0) {
            return;
        }
        server.guarded(() -> {
            switch (random.nextInt(16)) {
                case 0, 1 -> server.create(LIFETIMES.get(random.nextInt(LIFETIMES.size())));
                case 2, 3, 4, 5, 6 -> server.runSomeTask();
                case 7, 8, 9 -> server.ask();
                case 10 -> pass(Duration.ofMillis(random.nextInt(chance(4) ? 10_000 : 1_000)));
                case 11 -> server.look();
                case 12 -> trouble();
                case 13 -> clocksJump(server);
                default -> server.renewOrAcquire();
            }
        });
    }

    private void trouble() {
        if (chance(4)) {
            throw new SimulatedCrash();
        }
        List<HostedSandbox> boxes = host.boxes();
        if (!boxes.isEmpty() && chance(3)) {
            Incarnation incarnation = boxes.get(random.nextInt(boxes.size())).incarnation();
            host.end(incarnation, SandboxEnd.Cause.GUEST_EXITED);
        }
    }

    private void clocksJump(SharedServer server) {
        if (chance(4)) {
            server.wallClock(Duration.ofSeconds(random.nextInt(7_200) - 3_600L));
        } else if (chance(6)) {
            tableSkewMicros += Duration.ofSeconds(random.nextInt(3_600)).toNanos() / 1000;
        }
    }

    boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    boolean calm() {
        return calm;
    }

    void perhapsCrash() {
        if (!calm && chance(90)) {
            throw new SimulatedCrash();
        }
    }

    /** The server that is at it stands still, perhaps for long; the other does not know. */
    void meanwhile() {
        if (calm || nesting >= NESTING_MAX || !chance(4)) {
            return;
        }
        nesting++;
        if (chance(2)) {
            pass(Duration.ofMillis(random.nextInt(8_000)));
        }
        for (int i = random.nextInt(6); i >= 0; i--) {
            step(servers.get(random.nextInt(2)));
        }
        nesting--;
    }

    long nanos() {
        return nanos;
    }

    Instant now() {
        return Samples.NOON.plusNanos(nanos - (1L << 40));
    }

    private void pass(Duration time) {
        nanos += time.toNanos();
        host.passTime(now());
        servers.forEach(SharedServer::ring);
    }

    private void check() {
        Map<Incarnation, HostedSandbox> boxes = new HashMap<>();
        host.boxes().forEach(box -> boxes.put(box.incarnation(), box));
        Set<SandboxId> disks = new HashSet<>(host.keptDisks());
        for (SandboxId id : known) {
            Optional<Sandbox> stored = truth.get(id);
            if (stored.isEmpty()) {
                violations.add(id + " is lost");
                continue;
            }
            Sandbox sandbox = stored.get();
            Optional<HostedSandbox.State> state =
                    Optional.ofNullable(boxes.remove(sandbox.incarnation())).map(HostedSandbox::state);
            if (!fits(sandbox, state, disks.remove(id))) {
                violations.add(id + " is " + sandbox.state() + " at " + now() + ", on the host " + state);
            }
            long ends = truth.events(sandbox.tenant(), id).stream()
                    .filter(event -> event.kind() == SandboxEvent.Kind.ENDED)
                    .count();
            if (ends != (sandbox.state() instanceof SandboxState.Stopped ? 1 : 0)) {
                violations.add(id + " is " + sandbox.state() + " and has ended " + ends + " times");
            }
        }
        boxes.keySet().forEach(one -> violations.add(one + " is leaked on the host"));
        disks.forEach(one -> violations.add("the disk of " + one + " is leaked on the host"));
    }

    private static boolean fits(Sandbox sandbox, Optional<HostedSandbox.State> state, boolean disk) {
        return switch (sandbox.state()) {
            case SandboxState.Running _ -> disk && state.equals(Optional.of(HostedSandbox.State.RUNNING));
            case SandboxState.Paused paused ->
                disk
                        && (paused.kind() == PauseKind.MEMORY
                                ? state.equals(Optional.of(HostedSandbox.State.FROZEN))
                                : state.isEmpty());
            case SandboxState.Stopped _ -> !disk && state.isEmpty();
            case SandboxState.Starting _, SandboxState.Pausing _, SandboxState.Resuming _, SandboxState.Stopping _ ->
                false;
        };
    }

    private final class HostTrouble implements SimulatedHost.Trouble {
        @Override
        public void before(SimulatedHost.Call call) {
            perhapsCrash();
            meanwhile();
            if (!calm && chance(30)) {
                throw new Failure(ErrorCode.HOST_UNREACHABLE, "the host cannot be reached");
            }
        }

        @Override
        public void after(SimulatedHost.Call call) {
            meanwhile();
            perhapsCrash();
            if (!calm && chance(30)) {
                throw new Failure(ErrorCode.HOST_UNREACHABLE, "the answer was lost");
            }
        }
    }
}

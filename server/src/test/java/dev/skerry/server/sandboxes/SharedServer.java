package dev.skerry.server.sandboxes;

import dev.skerry.server.leases.Lease;
import dev.skerry.server.leases.LeaseTable.Candidate;
import dev.skerry.server.leases.Term;
import dev.skerry.server.leases.TermHost;
import dev.skerry.server.leases.Terms;
import dev.skerry.server.tenants.Quota;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.Incarnation;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One of the two servers of a {@link SharedSimulation}. */
final class SharedServer {
    private static final Duration MARGIN = Duration.ofMillis(500);

    private final SharedSimulation simulation;
    private final String name;
    private final SeededIds ids;

    /** Of this run and those before it: what was in hand when a term ended is still there, and must come to nothing. */
    private final List<Runnable> tasks = new ArrayList<>();

    private Optional<Shift> shift = Optional.empty();
    private int runs;

    private Duration wallSkew = Duration.ZERO;

    /** Writes, renewals and tries that are under way: others would wait for the locks that these have. */
    int busy;

    private record Shift(Lease lease, Term term, SandboxEngine engine) {}

    SharedServer(SharedSimulation simulation, String name, long seed) {
        this.simulation = simulation;
        this.name = name;
        this.ids = new SeededIds(seed);
    }

    void guarded(Runnable step) {
        try {
            step.run();
        } catch (SimulatedCrash e) {
            tasks.clear();
            shift = Optional.empty();
        } catch (Failure | UncheckedStoreTrouble e) {
            // That is an answer, too.
        }
    }

    private Optional<SandboxEngine> engine() {
        if (shift.isPresent() && !shift.get().term().holds()) {
            shift = Optional.empty();
        }
        return shift.map(Shift::engine);
    }

    /** @param asked before the table was */
    private long endOf(long asked) {
        return asked + SharedSimulation.TTL.minus(MARGIN).toNanos();
    }

    void renewOrAcquire() {
        if (engine().isPresent()) {
            renew();
        } else {
            busy++;
            try {
                acquire();
            } finally {
                busy--;
            }
        }
    }

    void renew() {
        if (engine().isEmpty()) {
            return;
        }
        Shift current = shift.orElseThrow();
        long asked = simulation.nanos();
        simulation.meanwhile();
        boolean renewed = simulation.leases.renew(current.lease(), SharedSimulation.TTL);
        simulation.meanwhile();
        if (!simulation.calm() && simulation.chance(20)) {
            return; // The answer was lost.
        }
        if (renewed) {
            Terms.extend(current.term(), endOf(asked));
        } else {
            Terms.end(current.term());
        }
    }

    private void acquire() {
        runs++;
        Candidate candidate = new Candidate(name + runs, URI.create("http://127.0.0.1:1"));
        long asked = simulation.nanos();
        Optional<Lease> lease = simulation.leases.acquire(SharedSimulation.LEASE, candidate, SharedSimulation.TTL);
        simulation.meanwhile();
        simulation.perhapsCrash();
        if (lease.isEmpty() || (!simulation.calm() && simulation.chance(20))) {
            return;
        }
        Term term = Terms.of(lease.get(), endOf(asked), simulation::nanos);
        if (!term.holds()) {
            return;
        }
        EpochHost host = EpochHost.open(simulation.host, lease.get().fence(), this::starting);
        SandboxStore store = new FencedStore(simulation, this, lease.get(), term);
        SandboxEngine engine = new SandboxEngine(
                simulation.fault() == SharedSimulation.Fault.ACTS_BEFORE_STORING ? new HastyStore(store) : store,
                new TermHost(host, term),
                new SandboxEngine.Rules(1000, _ -> Quota.UNSAID, Duration.ofMillis(250), ids),
                () -> simulation.now().plus(wallSkew),
                tasks::add);
        shift = Optional.of(new Shift(lease.get(), term, engine));
        engine.load();
        try {
            engine.compareWithHost();
        } catch (Failure | UncheckedStoreTrouble e) {
            // It is looked at again later.
        }
        engine.start();
    }

    private void starting(Incarnation incarnation) {
        boolean stored = simulation
                .truth
                .get(incarnation.id())
                .filter(sandbox -> sandbox.generation() >= incarnation.generation())
                .isPresent();
        if (!stored) {
            simulation.violations.add(incarnation + " was started before it was stored");
        }
    }

    void create(Lifetime lifetime) {
        Optional<String> key =
                simulation.chance(3) ? Optional.of("k" + simulation.random.nextInt(3)) : Optional.empty();
        engine().ifPresent(engine -> {
            Duration time = Duration.ofSeconds(1 + simulation.random.nextInt(60));
            if (engine.begin(Samples.TENANT, Samples.config(lifetime), time, key)
                    instanceof SandboxEngine.Begun.New(Entry entry)) {
                simulation.known.add(entry.sandbox().id());
            }
        });
    }

    void ask() {
        List<SandboxId> all = List.copyOf(simulation.known);
        if (all.isEmpty()) {
            return;
        }
        SandboxId id = all.get(simulation.random.nextInt(all.size()));
        engine().ifPresent(engine -> engine.find(id).ifPresent(entry -> ask(engine, entry)));
    }

    private void ask(SandboxEngine engine, Entry entry) {
        Duration time = Duration.ofSeconds(1 + simulation.random.nextInt(60));
        switch (simulation.random.nextInt(7)) {
            case 0 -> engine.apply(entry, new LifecycleEvent.KillAsked());
            case 1 -> engine.apply(entry, new LifecycleEvent.PauseAsked(PauseKind.MEMORY));
            case 2 -> engine.apply(entry, new LifecycleEvent.PauseAsked(PauseKind.DISK));
            case 3, 4 -> engine.resume(entry, new LifecycleEvent.ResumeAsked(time, Cause.REQUESTED));
            case 5 -> engine.apply(entry, new LifecycleEvent.ColdAsked());
            default -> engine.apply(entry, new LifecycleEvent.Extended(time, Cause.REQUESTED));
        }
    }

    void look() {
        engine().ifPresent(SandboxEngine::compareWithHost);
    }

    /** Alarms of a server that stands still ring when it goes on. */
    void ring() {
        engine().ifPresent(engine ->
                engine.ring(engine.alarms().due(simulation.now().plus(wallSkew))));
    }

    /**
     * Its wall clock is as far from the truth from now on. While it has an engine that goes ahead only: what is to be
     * tried again later is put off by as much as the clock is put back.
     */
    void wallClock(Duration skew) {
        if (engine().isEmpty() || skew.compareTo(wallSkew) > 0) {
            wallSkew = skew;
        }
    }

    void runSomeTask() {
        if (!tasks.isEmpty()) {
            tasks.remove(simulation.random.nextInt(tasks.size())).run();
        }
    }

    /** Its process ends, and the next has the right time. */
    void restart() {
        tasks.clear();
        shift = Optional.empty();
        wallSkew = Duration.ZERO;
    }

    void calmRound() {
        guarded(this::renewOrAcquire);
        guarded(this::runAll);
        guarded(this::look);
        guarded(this::runAll);
    }

    private void runAll() {
        for (int i = 0; i < 1000 && !tasks.isEmpty(); i++) {
            guarded(this::runSomeTask);
        }
    }
}

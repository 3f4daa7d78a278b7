package dev.skerry.server.sandboxes;

import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.Incarnation;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * One random history of a server and its host, on one thread and a virtual clock, decided by a seed. The process may
 * end before and after every write and every call of the host; host and store fail, lose answers and lie; while the
 * host is busy, other things go on. In the end all trouble stops, and the {@link Verdict} compares what is stored, what
 * the host has, and what was promised.
 */
final class Simulation {
    private static final Duration CONFIRMATION = Duration.ofMillis(250);
    private static final int STEPS = 60;
    private static final int NESTING_MAX = 3;

    private static final List<Lifetime> LIFETIMES =
            List.of(Lifetime.ENDS, Samples.PAUSES, Samples.PAUSES_TO_DISK, Samples.WAKES);

    private final Random random;
    private final SecureRandom ids;
    private final SandboxStore truth;
    private final SimulatedHost host = new SimulatedHost();
    private final Set<SimulatedHost.Call> pretended;
    private final List<Runnable> tasks = new ArrayList<>();
    private final SandboxStore store;
    private Instant now = Samples.NOON;
    private SandboxEngine engine;
    private boolean calm;
    private boolean looking;
    private int looks;
    private int lastLie;
    private int nesting;
    private boolean traced;
    private final List<String> trace = new ArrayList<>();

    final Set<SandboxId> known = new LinkedHashSet<>();
    final Set<SandboxId> killed = new LinkedHashSet<>();
    final Set<SandboxId> ran = new LinkedHashSet<>();
    final Set<SandboxId> endedOnHost = new LinkedHashSet<>();

    /** Until when they were promised to run. */
    final Map<SandboxId, Instant> promises = new HashMap<>();

    final List<String> violations = new ArrayList<>();

    /**
     * @param flaw planted into the store
     * @param pretended what the host only says that it has done
     */
    Simulation(long seed, UnaryOperator<SandboxStore> flaw, Set<SimulatedHost.Call> pretended) {
        this.random = new Random(seed);
        this.pretended = pretended;
        this.ids = new SeededIds(seed);
        this.truth = new InMemorySandboxStore();
        SandboxStore watched = new WatchedStore(truth, this);
        this.store = new TroubledStore(flaw.apply(watched), this);
        this.engine = engine();
        host.trouble(new HostTrouble());
    }

    private SandboxEngine engine() {
        SandboxEngine.Rules rules = new SandboxEngine.Rules(1000, Samples.QUOTAS::get, CONFIRMATION, ids);
        return new SandboxEngine(store, host, rules, () -> now, tasks::add);
    }

    SandboxStore truth() {
        return truth;
    }

    SandboxEngine engineNow() {
        return engine;
    }

    SimulatedHost host() {
        return host;
    }

    /** @return what was found wrong; empty: nothing */
    List<String> run() {
        guarded(this::boot);
        for (int i = 0; i < STEPS; i++) {
            guarded(this::act);
            guarded(this::keepPromises);
            new Verdict(this, now).checkLedger(Samples.TENANT, Samples.OTHER);
        }
        calm = true;
        // What the process had in hand may be lost as well.
        if (random.nextBoolean()) {
            crash();
        } else {
            guarded(() -> {});
        }
        for (int i = 0; i < 45; i++) {
            runAllTasks();
            looking = true;
            engine.compareWithHost();
            looking = false;
            runAllTasks();
            now = now.plusMillis(1_700);
            host.passTime(now);
            engine.ring(engine.alarms().due(now));
        }
        runAllTasks();
        violations.addAll(host.violations());
        new Verdict(this, now).check();
        return violations;
    }

    /** Lets the history be read. */
    Simulation traced() {
        traced = true;
        return this;
    }

    void trace(String what) {
        if (traced) {
            trace.add(now + " " + "  ".repeat(nesting) + what);
        }
    }

    String history() {
        return String.join("\n", trace);
    }

    private void guarded(Runnable step) {
        try {
            step.run();
        } catch (SimulatedCrash e) {
            crash();
        }
    }

    private void crash() {
        trace("--- crash");
        nesting = 0;
        looking = false;
        tasks.clear();
        while (true) {
            try {
                if (chance(3)) {
                    // Only the host sees it pass: the process that ended rings no alarms.
                    now = now.plusMillis(random.nextInt(20_000));
                    host.passTime(now);
                }
                if (!calm && chance(20)) {
                    reboot();
                }
                engine = engine();
                boot();
                return;
            } catch (SimulatedCrash e) {
                tasks.clear();
                looking = false;
            }
        }
    }

    private void reboot() {
        host.boxes().stream().map(box -> box.incarnation().id()).forEach(endedOnHost::add);
        trace("the host is restarted");
        host.reboot();
    }

    private void boot() {
        engine.load();
        look();
        engine.start();
    }

    private void look() {
        if (looking) {
            return;
        }
        looking = true;
        looks++;
        try {
            engine.compareWithHost();
        } catch (Failure | UncheckedStoreTrouble e) {
            // The host could not be asked; it is asked again later.
        } finally {
            looking = false;
        }
    }

    private boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    private void pass(int millis) {
        now = now.plusMillis(millis);
        host.passTime(now);
        engine.ring(engine.alarms().due(now));
    }

    private void act() {
        try {
            switch (random.nextInt(14)) {
                case 0, 1 -> create();
                case 2, 3, 4, 5, 6 -> runSomeTask();
                case 7, 8, 9 -> ask();
                case 10 -> pass(random.nextInt(chance(4) ? 40_000 : 1_000));
                case 11 -> look();
                case 12 -> trouble();
                default -> runAllTasks();
            }
        } catch (Failure | UncheckedStoreTrouble e) {
            // That is an answer, too.
        }
    }

    private void trouble() {
        List<HostedSandbox> boxes = host.boxes();
        if (chance(6)) {
            throw new SimulatedCrash();
        }
        if (!boxes.isEmpty() && chance(3)) {
            Incarnation incarnation = boxes.get(random.nextInt(boxes.size())).incarnation();
            trace("ends on the host: " + incarnation);
            endedOnHost.add(incarnation.id());
            if (chance(3)) {
                host.forget(incarnation);
            } else {
                host.end(incarnation, chance(2) ? SandboxEnd.Cause.OUT_OF_MEMORY : SandboxEnd.Cause.GUEST_EXITED);
            }
        }
    }

    private void create() {
        Lifetime lifetime = LIFETIMES.get(random.nextInt(LIFETIMES.size()));
        Optional<String> key = chance(3) ? Optional.of("key" + random.nextInt(3)) : Optional.empty();
        TenantId tenant = chance(4) ? Samples.OTHER : Samples.TENANT;
        switch (engine.begin(tenant, Samples.config(lifetime), seconds(), key)) {
            case SandboxEngine.Begun.New(Entry entry) ->
                known.add(entry.sandbox().id());
            case SandboxEngine.Begun.Existing(Entry entry) -> {
                if (entry.stored() && truth.get(entry.sandbox().id()).isEmpty()) {
                    violations.add("a key led to a sandbox that is not stored");
                }
            }
        }
    }

    private Duration seconds() {
        return Duration.ofSeconds(1 + random.nextInt(60));
    }

    private void ask() {
        if (known.isEmpty()) {
            return;
        }
        List<SandboxId> ids = List.copyOf(known);
        Optional<Entry> found = engine.find(ids.get(random.nextInt(ids.size())));
        if (found.isEmpty()) {
            return;
        }
        Entry entry = found.get();
        SandboxId id = entry.sandbox().id();
        switch (random.nextInt(8)) {
            case 0 -> {
                // Before it is asked: the process may end while it is.
                killed.add(id);
                engine.apply(entry, new LifecycleEvent.KillAsked());
            }
            case 1 -> engine.apply(entry, new LifecycleEvent.PauseAsked(PauseKind.MEMORY));
            case 2 -> engine.apply(entry, new LifecycleEvent.PauseAsked(PauseKind.DISK));
            case 3, 4 -> {
                promises.remove(id);
                engine.resume(entry, new LifecycleEvent.ResumeAsked(seconds(), Cause.REQUESTED));
            }
            case 5 -> engine.apply(entry, new LifecycleEvent.ColdAsked());
            case 6 -> {
                promises.remove(id);
                boolean now = chance(4);
                engine.apply(entry, now ? new LifecycleEvent.EndAsked() : new LifecycleEvent.Renewed(seconds()));
            }
            default -> engine.apply(entry, new LifecycleEvent.Extended(seconds(), Cause.REQUESTED));
        }
    }

    /** As soon as the host knows, too, an end is promised. */
    private void keepPromises() {
        for (SandboxId id : known) {
            engine.find(id).ifPresent(entry -> {
                if (entry.sandbox().state() instanceof SandboxState.Running && entry.quiet()) {
                    promises.put(id, entry.sandbox().endsAt());
                }
            });
        }
    }

    private void runSomeTask() {
        if (!tasks.isEmpty()) {
            tasks.remove(random.nextInt(tasks.size())).run();
        }
    }

    private void runAllTasks() {
        for (int i = 0; i < 1000 && !tasks.isEmpty(); i++) {
            runSomeTask();
        }
        if (!tasks.isEmpty()) {
            violations.add("it does not come to rest");
            tasks.clear();
        }
    }

    boolean troubled(int oneIn) {
        return !calm && chance(oneIn);
    }

    Instant now() {
        return now;
    }

    void perhapsCrash() {
        if (!calm && chance(60)) {
            throw new SimulatedCrash();
        }
    }

    /** What goes on while a call is under way. */
    private void meanwhile() {
        if (calm || nesting >= NESTING_MAX || !chance(3)) {
            return;
        }
        nesting++;
        if (chance(10)) {
            pass(random.nextInt(35_000));
        }
        act();
        nesting--;
    }

    private final class HostTrouble implements SimulatedHost.Trouble {
        @Override
        public void before(SimulatedHost.Call call) {
            trace("host: " + call);
            perhapsCrash();
            meanwhile();
            if (!calm && chance(25)) {
                throw new Failure(ErrorCode.HOST_UNREACHABLE, "the host cannot be reached");
            }
        }

        @Override
        public void after(SimulatedHost.Call call) {
            trace("host did: " + call);
            meanwhile();
            perhapsCrash();
            if (!calm && chance(25)) {
                throw new Failure(ErrorCode.HOST_UNREACHABLE, "the answer was lost");
            }
        }

        @Override
        public boolean onlyPretends(SimulatedHost.Call call) {
            return pretended.contains(call);
        }

        /** Never in two looks in a row: what is seen twice is believed. */
        @Override
        public List<HostedSandbox> told(List<HostedSandbox> all) {
            boolean lies = !calm && looking && (looks == lastLie || looks > lastLie + 1) && chance(4);
            lastLie = lies ? looks : lastLie;
            trace("the host has " + all + (lies ? " and lies" : ""));
            return lies ? all.stream().filter(box -> random.nextBoolean()).toList() : all;
        }

        @Override
        public List<SandboxId> toldDisks(List<SandboxId> all) {
            boolean lies = !calm && looking && looks == lastLie;
            return lies ? all.stream().filter(id -> random.nextBoolean()).toList() : all;
        }
    }
}

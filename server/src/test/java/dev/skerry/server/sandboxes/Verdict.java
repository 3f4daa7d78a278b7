package dev.skerry.server.sandboxes;

import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.Incarnation;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What must be true of a {@link Simulation} that has come to rest. */
record Verdict(Simulation simulation, Instant now) {
    /** Nothing ends without a reason that there was. */
    static void checkEnd(Simulation simulation, Sandbox sandbox, Cause reason, Instant now) {
        SandboxId id = sandbox.id();
        boolean right =
                switch (reason) {
                    case REQUESTED -> simulation.killed.contains(id);
                    case EXPIRED -> true;
                    case START_FAILED -> !simulation.ran.contains(id);
                    case EXITED, OUT_OF_MEMORY, SHIM_LOST, HOST_REBOOTED, HOST_LOST ->
                        simulation.endedOnHost.contains(id);
                    case TRAFFIC, COLD_START, CPU_TIME, DISK_LOST, HOST_FAILED, TOO_LATE, FAILED, UNKNOWN -> false;
                };
        if (!right) {
            simulation.violations.add(id + " was ended because of " + reason + ", which nobody caused");
        }
        Instant promised = simulation.promises.getOrDefault(id, Instant.MIN);
        if (reason == Cause.EXPIRED && now.isBefore(promised)) {
            simulation.violations.add(id + " expired at " + now + " though it was to run until " + promised);
        }
    }

    void check() {
        Map<Incarnation, HostedSandbox> boxes = new HashMap<>();
        simulation.host().boxes().forEach(box -> boxes.put(box.incarnation(), box));
        Set<SandboxId> disks = new HashSet<>(simulation.host().keptDisks());
        for (SandboxId id : simulation.known) {
            Optional<Sandbox> stored = simulation.truth().get(id);
            if (stored.isEmpty()) {
                wrong(id + " is lost");
                continue;
            }
            checkHistory(stored.get());
            checkPlace(
                    stored.get(), Optional.ofNullable(boxes.remove(stored.get().incarnation())), disks.remove(id));
        }
        checkLedger(Samples.TENANT, Samples.OTHER);
        checkRest(Samples.TENANT);
        checkRest(Samples.OTHER);
        boxes.keySet().forEach(incarnation -> wrong(incarnation + " is leaked on the host"));
        disks.forEach(id -> wrong("the disk of " + id + " is leaked on the host"));
    }

    private void wrong(String what) {
        simulation.violations.add(what);
    }

    /** At any time: what is written down is the sum of what each has, and never less than nothing. */
    void checkLedger(TenantId... tenants) {
        SandboxEngine engine = simulation.engineNow();
        Holding all = Holding.NOTHING;
        for (TenantId tenant : tenants) {
            Holding sum = engine.entries().stream()
                    .filter(entry -> entry.sandbox().tenant().equals(tenant))
                    .map(entry -> entry.held)
                    .reduce(Holding.NOTHING, Holding::plus);
            if (!sum.equals(engine.ledger().of(tenant))) {
                wrong("the ledger has " + engine.ledger().of(tenant) + " for " + tenant + " instead of " + sum);
            }
            all = all.plus(sum);
        }
        if (!all.equals(engine.ledger().all())) {
            wrong("the ledger has " + engine.ledger().all() + " in all instead of " + all);
        }
    }

    /** At rest: it is what the store says. */
    private void checkRest(TenantId tenant) {
        Holding stored = simulation.truth().live().stream()
                .map(SandboxStore.Live::sandbox)
                .filter(sandbox -> sandbox.tenant().equals(tenant))
                .map(sandbox -> Holding.of(sandbox, Holding.NOTHING))
                .reduce(Holding.NOTHING, Holding::plus);
        Holding written = simulation.engineNow().ledger().of(tenant);
        if (!stored.equals(written)) {
            wrong("the ledger has " + written + " for " + tenant + ", the store " + stored);
        }
    }

    private void checkHistory(Sandbox sandbox) {
        List<SandboxEvent> events = simulation.truth().events(sandbox.tenant(), sandbox.id());
        long ends = count(events, SandboxEvent.Kind.ENDED);
        boolean ended = sandbox.state() instanceof SandboxState.Stopped;
        if (ends != (ended ? 1 : 0) || count(events, SandboxEvent.Kind.CREATED) != 1) {
            wrong(sandbox.id() + " is " + sandbox.state() + " with the history " + events);
        }
        if (ended && events.getLast().kind() != SandboxEvent.Kind.ENDED) {
            wrong(sandbox.id() + " went on after its end: " + events);
        }
    }

    private static long count(List<SandboxEvent> events, SandboxEvent.Kind kind) {
        return events.stream().filter(event -> event.kind() == kind).count();
    }

    private void checkPlace(Sandbox sandbox, Optional<HostedSandbox> box, boolean disk) {
        Optional<HostedSandbox.State> state = box.map(HostedSandbox::state);
        boolean right =
                switch (sandbox.state()) {
                    case SandboxState.Running _ ->
                        disk
                                && state.equals(Optional.of(HostedSandbox.State.RUNNING))
                                && now.isBefore(sandbox.endsAt());
                    case SandboxState.Paused paused ->
                        disk
                                && (paused.kind() == PauseKind.MEMORY
                                        ? state.equals(Optional.of(HostedSandbox.State.FROZEN))
                                        : state.isEmpty());
                    case SandboxState.Stopped _ -> !disk && state.isEmpty();
                    case SandboxState.Starting _,
                            SandboxState.Pausing _,
                            SandboxState.Resuming _,
                            SandboxState.Stopping _ -> false;
                };
        if (!right) {
            wrong(sandbox.id() + " is " + sandbox.state() + " at " + now + ", on its host it is " + state
                    + (disk ? " with" : " without") + " a disk");
        }
    }
}

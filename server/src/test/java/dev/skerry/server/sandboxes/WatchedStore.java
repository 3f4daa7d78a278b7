package dev.skerry.server.sandboxes;

import dev.skerry.wire.SandboxId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Sees every write that really happens. */
final class WatchedStore extends ForwardingStore {
    private final Map<SandboxId, Long> revisions = new HashMap<>();

    private final Simulation simulation;

    WatchedStore(SandboxStore inner, Simulation simulation) {
        super(inner);
        this.simulation = simulation;
    }

    @Override
    public boolean replace(Sandbox next, List<Note> notes) {
        boolean replaced = super.replace(next, notes);
        if (replaced) {
            simulation.trace(
                    "stored " + next.id() + " " + next.generation() + " " + next.state() + " " + next.endsAt());
            long before = revisions.getOrDefault(next.id(), 1L);
            if (next.revision() <= before) {
                simulation.violations.add(next.id() + " went from revision " + before + " to " + next.revision());
            }
            revisions.put(next.id(), next.revision());
            if (next.state() instanceof SandboxState.Running) {
                simulation.ran.add(next.id());
            } else if (next.state() instanceof SandboxState.Stopping stopping) {
                Verdict.checkEnd(simulation, next, stopping.reason(), simulation.now());
            }
        }
        return replaced;
    }
}

package dev.skerry.server.sandboxes;

import dev.skerry.wire.hosts.HostId;
import java.util.List;
import java.util.Optional;

/** Writes fail before or after they have happened, and the process may end there. */
final class TroubledStore extends ForwardingStore {
    private final Simulation simulation;

    TroubledStore(SandboxStore inner, Simulation simulation) {
        super(inner);
        this.simulation = simulation;
    }

    private void perhapsFail() {
        simulation.perhapsCrash();
        if (simulation.troubled(80)) {
            throw new UncheckedStoreTrouble();
        }
    }

    @Override
    public Optional<Sandbox> insert(Sandbox sandbox, Optional<String> key, List<Note> notes) {
        perhapsFail();
        Optional<Sandbox> holder = super.insert(sandbox, key, notes);
        if (holder.isEmpty()) {
            // Whoever asked may never hear of it; then nobody wants it.
            simulation.killed.add(sandbox.id());
            simulation.known.add(sandbox.id());
            perhapsFail();
            simulation.killed.remove(sandbox.id());
        }
        return holder;
    }

    @Override
    public boolean replace(Sandbox next, List<Note> notes) {
        perhapsFail();
        boolean replaced = super.replace(next, notes);
        perhapsFail();
        return replaced;
    }

    @Override
    public void recordBoot(HostId host, String bootId) {
        simulation.perhapsCrash();
        super.recordBoot(host, bootId);
        simulation.perhapsCrash();
    }
}

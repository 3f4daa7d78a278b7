package dev.skerry.server.sandboxes;

import dev.skerry.server.leases.Lease;
import dev.skerry.server.leases.Term;
import dev.skerry.server.leases.Terms;
import dev.skerry.server.sandboxes.SharedSimulation.Fault;
import dev.skerry.server.sandboxes.SharedSimulation.Seen;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.hosts.HostId;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The shared store as one server has it: its writes are refused once its lease was given to another. */
final class FencedStore extends ForwardingStore {
    private final SharedSimulation simulation;
    private final SharedServer server;
    private final Lease lease;
    private final Term term;

    FencedStore(SharedSimulation simulation, SharedServer server, Lease lease, Term term) {
        super(simulation.truth);
        this.simulation = simulation;
        this.server = server;
        this.lease = lease;
        this.term = term;
    }

    private <T> T write(Supplier<T> write) {
        server.busy++;
        try {
            return writeAlone(write);
        } finally {
            server.busy--;
        }
    }

    private <T> T writeAlone(Supplier<T> write) {
        simulation.perhapsCrash();
        // Time enough for everything to change: the transaction has not begun.
        simulation.meanwhile();
        if (!simulation.calm() && simulation.chance(80)) {
            throw new UncheckedStoreTrouble();
        }
        boolean stale = simulation.leases.fence(lease.id()) != lease.fence();
        if (stale && simulation.fault() != Fault.NO_FENCE) {
            simulation.seen.add(Seen.STALE_WRITE_REFUSED);
            Terms.end(term);
            throw new Failure(ErrorCode.NO_CAPACITY, "the lease was lost: " + lease);
        }
        T written = write.get();
        if (stale) {
            simulation.violations.add("a write of fence " + lease.fence() + " was accepted");
        }
        simulation.meanwhile();
        simulation.perhapsCrash();
        if (!simulation.calm() && simulation.chance(80)) {
            throw new UncheckedStoreTrouble();
        }
        return written;
    }

    @Override
    public Optional<Sandbox> insert(Sandbox sandbox, Optional<String> key, List<Note> notes) {
        return write(() -> {
            Optional<Sandbox> holder = super.insert(sandbox, key, notes);
            if (holder.isEmpty()) {
                simulation.known.add(sandbox.id());
            }
            return holder;
        });
    }

    @Override
    public boolean replace(Sandbox next, List<Note> notes) {
        return write(() -> super.replace(next, notes));
    }

    @Override
    public void recordBoot(HostId host, String bootId) {
        boolean _ = write(() -> {
            super.recordBoot(host, bootId);
            return true;
        });
    }
}

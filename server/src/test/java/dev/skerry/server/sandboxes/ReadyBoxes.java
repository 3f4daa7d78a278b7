package dev.skerry.server.sandboxes;

import dev.skerry.wire.SandboxId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Sandboxes of a simulated host that are ready before anybody asks for them. Thread-safe. */
final class ReadyBoxes {
    private final Deque<SandboxId> ready = new ArrayDeque<>();
    private final Set<SandboxId> reserved = new LinkedHashSet<>();
    private Supplier<Optional<SandboxId>> more = Optional::empty;

    /** Where others come from when none is left. */
    synchronized void from(Supplier<Optional<SandboxId>> source) {
        more = source;
    }

    synchronized void add(SandboxId id) {
        ready.add(id);
    }

    synchronized Optional<SandboxId> reserve() {
        Optional<SandboxId> id = Optional.ofNullable(ready.poll()).or(more);
        id.ifPresent(reserved::add);
        return id;
    }

    synchronized void giveBack(SandboxId id) {
        if (reserved.remove(id)) {
            ready.addFirst(id);
        }
    }

    /** One is not among those that wait any more; whether it was reserved. */
    synchronized boolean take(SandboxId id) {
        return reserved.remove(id);
    }

    synchronized List<SandboxId> reserved() {
        return List.copyOf(reserved);
    }

    synchronized List<SandboxId> ready() {
        return List.copyOf(ready);
    }

    /** They end with the process that made them. */
    synchronized void crash() {
        ready.clear();
        reserved.clear();
    }
}

package dev.skerry.server.sandboxes;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A fault to plant: it says that a sandbox is stored, and stores it with the next write. */
final class HastyStore extends ForwardingStore {
    private final List<Runnable> owed = new ArrayList<>();

    HastyStore(SandboxStore inner) {
        super(inner);
    }

    private void payUp() {
        List<Runnable> all = List.copyOf(owed);
        owed.clear();
        all.forEach(Runnable::run);
    }

    @Override
    public Optional<Sandbox> insert(Sandbox sandbox, Optional<String> key, List<Note> notes) {
        payUp();
        owed.add(() -> {
            Optional<Sandbox> _ = super.insert(sandbox, key, notes);
        });
        return Optional.empty();
    }

    @Override
    public boolean replace(Sandbox next, List<Note> notes) {
        payUp();
        return super.replace(next, notes);
    }
}

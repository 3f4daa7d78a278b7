package dev.skerry.bench.chaos;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** The sandboxes that clients know to be theirs, each with what it should answer. Thread-safe. */
final class Population {
    private final Map<String, Inhabitant> known = new HashMap<>();
    private final List<String> free = new ArrayList<>();

    /**
     * A sandbox and what was put into it.
     *
     * @param word that a file in its memory holds; empty: it was not written
     * @param process that goes on in it; 0: none
     */
    record Inhabitant(Box box, String word, int process) {}

    synchronized int size() {
        return known.size();
    }

    /** Nobody else does anything with it until it is put back. */
    synchronized Optional<Inhabitant> take(RandomGenerator random) {
        if (free.isEmpty()) {
            return Optional.empty();
        }
        int at = random.nextInt(free.size());
        String id = free.set(at, free.getLast());
        free.removeLast();
        return Optional.of(known.get(id));
    }

    synchronized void put(Inhabitant inhabitant) {
        known.put(inhabitant.box().id(), inhabitant);
        free.add(inhabitant.box().id());
    }

    /** Its end was asked for, or seen. */
    synchronized void forget(Inhabitant inhabitant) {
        known.remove(inhabitant.box().id());
    }

    synchronized List<Inhabitant> all() {
        return List.copyOf(known.values());
    }
}

package dev.skerry.host.agent;

import dev.skerry.wire.hosts.Incarnation;
import java.util.LinkedHashSet;
import java.util.Set;

/** The incarnations that were destroyed of late: a command to start one of these came too late. Thread-safe. */
final class Erased {
    private static final int COUNT_MAX = 10_000;

    private final Set<Incarnation> incarnations = new LinkedHashSet<>();

    synchronized void add(Incarnation incarnation) {
        if (incarnations.add(incarnation) && incarnations.size() > COUNT_MAX) {
            incarnations.remove(incarnations.iterator().next());
        }
    }

    synchronized boolean has(Incarnation incarnation) {
        return incarnations.contains(incarnation);
    }
}

package dev.skerry.architecture.planted.cycles.host.templates;

import dev.skerry.architecture.planted.cycles.host.uids.RoundUids;

/** Planted: the other half of a cycle. */
public final class RoundTemplate {
    Class<?> next() {
        return RoundUids.class;
    }
}

package dev.skerry.architecture.planted.cycles.host.uids;

import dev.skerry.architecture.planted.cycles.host.templates.RoundTemplate;

/** Planted: one half of a cycle. */
public final class RoundUids {
    Class<?> next() {
        return RoundTemplate.class;
    }
}

package dev.skerry.bench.serving;

import dev.skerry.server.settings.PoolSettings;
import dev.skerry.server.settings.PoolText;

/** What pools of ready sandboxes a server under test has. */
public enum PoolsKept {
    NONE("", PoolSettings.DEFAULT.hitPercent()),
    /** As many as jobs ask for, of each kind that is measured. */
    AS_ASKED("base+python=1..8, base+java=0..4, base=1..8", PoolSettings.DEFAULT.hitPercent()),
    /** Of each kind some that wait from the start. */
    FILLED("base+python=4..8, base+javascript=1..4, base+java=1..2, base=4..8", PoolSettings.DEFAULT.hitPercent()),
    /** Planned like those, and never filled: none of the jobs needs to find one. So every claim is a miss. */
    DRAINED("base+python=0..8, base+javascript=0..4, base+java=0..2, base=0..8", 0),
    /** As many as a pool may have. */
    A_THOUSAND("base=1000..1000", PoolSettings.DEFAULT.hitPercent());

    private static final long IDLE_BYTES = 1L << 30;

    private final String pools;
    private final int hitPercent;

    PoolsKept(String pools, int hitPercent) {
        this.pools = pools;
        this.hitPercent = hitPercent;
    }

    /** As a settings file has them. */
    public String text() {
        return pools;
    }

    PoolSettings settings() {
        PoolSettings usual = PoolSettings.DEFAULT;
        return new PoolSettings(PoolText.list(pools), hitPercent, IDLE_BYTES, usual.miss(), usual.patience());
    }
}

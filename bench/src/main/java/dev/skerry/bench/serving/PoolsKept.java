package dev.skerry.bench.serving;

import dev.skerry.server.settings.PoolSettings;
import dev.skerry.server.settings.PoolText;
import java.util.List;

/** What pools of ready sandboxes a server under test has. */
public enum PoolsKept {
    NONE("", PoolSettings.DEFAULT.idleBytes()),
    /** As many as jobs ask for, of each kind that is measured. */
    AS_ASKED("base+python=1..8, base+java=0..4, base=1..8", PoolSettings.DEFAULT.idleBytes()),
    /** Of each kind some that wait from the start. */
    FILLED("base+python=4..8, base+javascript=2..4, base+java=2..4, base=4..8", 1L << 30),
    /** Planned like those, and always empty: none may cost anything. So every claim is a miss. */
    DRAINED("base+python=0..8, base+javascript=0..4, base+java=0..4, base=0..8", 0),
    /** As many as a pool may have. */
    A_THOUSAND("base=1000..1000", PoolSettings.DEFAULT.idleBytes()),
    /** One that none is ever in. */
    NEVER_FILLED("base=0..1000", 0);

    private final List<PoolText> pools;
    private final long idleBytes;

    PoolsKept(String pools, long idleBytes) {
        this.pools = PoolText.list(pools);
        this.idleBytes = idleBytes;
    }

    /** As a settings file has them. */
    public String text() {
        return settings().text();
    }

    PoolSettings settings() {
        PoolSettings usual = PoolSettings.DEFAULT;
        return new PoolSettings(pools, usual.hitPercent(), idleBytes, usual.miss(), usual.patience());
    }
}

package dev.skerry.host.pools;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at members; one that cannot be looked at is not good for a claim. Thread-safe, as its maker is. */
final class Health<M> {
    private static final Logger LOG = LoggerFactory.getLogger(Health.class);

    private final Maker<M> maker;

    Health(Maker<M> maker) {
        this.maker = maker;
    }

    /** @param meanwhile as for {@link Maker#alive} */
    boolean alive(M member, Runnable meanwhile) throws InterruptedException {
        try {
            return maker.alive(member, meanwhile);
        } catch (RuntimeException | Error e) {
            LOG.atWarn().setCause(e).log("a member of a pool cannot be looked at");
            return false;
        }
    }

    /** While nobody can say, it is. */
    boolean current(M member) {
        try {
            return maker.current(member);
        } catch (RuntimeException | Error e) {
            LOG.atWarn().setCause(e).log("the template of a pool's member cannot be looked at");
            return true;
        }
    }

    /** 0 of one that has just ended; who claims it finds that out. */
    long bytes(M member) {
        try {
            return maker.bytes(member);
        } catch (RuntimeException | Error e) {
            LOG.atDebug().setCause(e).log("a member of a pool cannot be measured");
            return 0;
        }
    }
}

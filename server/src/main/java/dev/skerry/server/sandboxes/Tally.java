package dev.skerry.server.sandboxes;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** What has come to pass since the sandboxes were opened, in numbers. Thread-safe. */
public final class Tally {
    private final Map<Cause, LongAdder> ended = new EnumMap<>(Cause.class);
    private final LongAdder strays = new LongAdder();
    private final LongAdder warm = new LongAdder();
    private final LongAdder cold = new LongAdder();

    Tally() {
        for (Cause cause : Cause.values()) {
            ended.put(cause, new LongAdder());
        }
    }

    void ended(Sandbox sandbox) {
        adder(sandbox.why().cause()).increment();
    }

    void started(boolean wasReady) {
        (wasReady ? warm : cold).increment();
    }

    void stray() {
        strays.increment();
    }

    private LongAdder adder(Cause cause) {
        LongAdder adder = ended.get(cause);
        if (adder == null) {
            throw new IllegalStateException("there is a number for each cause");
        }
        return adder;
    }

    /** Sandboxes that ended because of that. */
    public long endedBy(Cause cause) {
        return adder(cause).sum();
    }

    /** Sandboxes whose first start was one that was ready before anybody asked for it. */
    public long startedWarm() {
        return warm.sum();
    }

    /** Sandboxes that were made when somebody asked for them. */
    public long startedCold() {
        return cold.sum();
    }

    /** What was found on the host and belonged to nobody; it was removed. */
    public long strays() {
        return strays.sum();
    }
}

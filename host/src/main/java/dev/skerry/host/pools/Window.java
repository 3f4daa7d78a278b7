package dev.skerry.host.pools;

/** Counts what happened within the last so many nanoseconds, to the precision of its slots. Not thread-safe. */
final class Window {
    private final long slotNanos;
    private final int[] slots;
    private long newest = Long.MIN_VALUE;
    private int sum;

    Window(long nanos, int slots) {
        this.slotNanos = nanos / slots;
        this.slots = new int[slots];
    }

    double seconds() {
        return slotNanos * slots.length / 1e9;
    }

    void add(long now) {
        advance(now);
        slots[index(newest)]++;
        sum++;
    }

    int count(long now) {
        advance(now);
        return sum;
    }

    /** A clock that goes back counts as one that stands still. */
    private void advance(long now) {
        long slot = Math.floorDiv(now, slotNanos);
        if (newest == Long.MIN_VALUE) {
            newest = slot;
        }
        long passed = Math.min(slots.length, slot - newest);
        for (long i = 1; i <= passed; i++) {
            int old = index(newest + i);
            sum -= slots[old];
            slots[old] = 0;
        }
        newest = Math.max(newest, slot);
    }

    private int index(long slot) {
        return Math.floorMod(slot, slots.length);
    }
}

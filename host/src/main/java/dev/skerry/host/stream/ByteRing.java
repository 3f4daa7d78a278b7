package dev.skerry.host.stream;

import java.nio.ByteBuffer;

/** Bytes received and not yet consumed; never more than the credit that was given. Guarded by its channel's lock. */
final class ByteRing {
    private static final int FIRST_BYTES = 4096;

    private final int capacity;
    private byte[] bytes = new byte[0];
    private int head;
    private int count;

    ByteRing(int capacity) {
        this.capacity = capacity;
    }

    int count() {
        return count;
    }

    /** False when the sender went beyond its credit. */
    boolean put(ByteBuffer from) {
        int length = from.remaining();
        if (length > capacity - count) {
            return false;
        }
        grow(count + length);
        int tail = (head + count) % Math.max(1, bytes.length);
        int first = Math.min(length, bytes.length - tail);
        from.get(bytes, tail, first);
        from.get(bytes, 0, length - first);
        count += length;
        return true;
    }

    int take(byte[] into, int offset, int length) {
        int taken = Math.min(length, count);
        int first = Math.min(taken, bytes.length - head);
        System.arraycopy(bytes, head, into, offset, first);
        System.arraycopy(bytes, 0, into, offset + first, taken - first);
        count -= taken;
        head = count == 0 ? 0 : (head + taken) % bytes.length;
        return taken;
    }

    private void grow(int needed) {
        if (needed <= bytes.length) {
            return;
        }
        int size = Math.max(FIRST_BYTES, bytes.length);
        while (size < needed) {
            size *= 2;
        }
        byte[] larger = new byte[Math.min(size, capacity)];
        int kept = take(larger, 0, count);
        bytes = larger;
        head = 0;
        count = kept;
    }
}

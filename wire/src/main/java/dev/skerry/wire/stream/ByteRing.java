package dev.skerry.wire.stream;

import java.nio.ByteBuffer;

/**
 * Bytes between one thread that puts and one that takes, addressed by their offset in the stream. Copying needs no
 * lock; {@link #room} does. Starts small and grows up to its capacity.
 */
final class ByteRing {
    private static final int FIRST_BYTES = 4096;

    private final int capacity;
    private byte[] bytes = {};

    /** @param capacity a power of two */
    ByteRing(int capacity) {
        this.capacity = capacity;
    }

    /**
     * The memory in which the bytes from {@code head} to {@code end} fit; those up to {@code tail} are there already.
     */
    byte[] room(long head, long tail, long end) {
        int needed = (int) (end - head);
        if (needed > bytes.length) {
            int size = Math.max(FIRST_BYTES, Integer.highestOneBit(2 * needed - 1));
            byte[] larger = new byte[Math.min(capacity, size)];
            // Whoever takes at this moment goes on with the old memory, which nobody changes any more.
            int kept = (int) (tail - head);
            int at = index(larger, head);
            int first = Math.min(kept, larger.length - at);
            copy(bytes, head, larger, at, first);
            copy(bytes, head + first, larger, 0, kept - first);
            bytes = larger;
        }
        return bytes;
    }

    byte[] memory() {
        return bytes;
    }

    void free() {
        bytes = new byte[0];
    }

    static int index(byte[] memory, long offset) {
        return (int) (offset & (memory.length - 1));
    }

    static void put(byte[] memory, long offset, ByteBuffer from) {
        int length = from.remaining();
        int at = index(memory, offset);
        int first = Math.min(length, memory.length - at);
        from.get(memory, at, first);
        from.get(memory, 0, length - first);
    }

    static void copy(byte[] memory, long offset, byte[] into, int at, int length) {
        if (length > 0) {
            int index = index(memory, offset);
            int first = Math.min(length, memory.length - index);
            System.arraycopy(memory, index, into, at, first);
            System.arraycopy(memory, 0, into, at + first, length - first);
        }
    }
}

package dev.skerry.server.http;

import java.util.HashMap;
import java.util.Map;

/**
 * Memory for large requests, shared by owners. Each may have as much as is left for the others: one alone gets half of
 * it, and whoever comes next finds half of the rest. So nobody takes all, however much is asked for. Thread-safe.
 */
final class Room {
    private final long most;
    private final Map<String, Long> byOwner = new HashMap<>();
    private long all;

    Room(long most) {
        this.most = most;
    }

    /** @return whether there was as much left for that owner; otherwise nothing was taken */
    synchronized boolean take(String owner, long bytes) {
        long own = byOwner.getOrDefault(owner, 0L) + bytes;
        if (own > most - all - bytes) {
            return false;
        }
        put(owner, bytes);
        return true;
    }

    /** What was taken for one is another's, whether or not that one would have been given it. */
    synchronized void move(String from, String to, long bytes) {
        put(from, -bytes);
        put(to, bytes);
    }

    synchronized void give(String owner, long bytes) {
        put(owner, -bytes);
    }

    private void put(String owner, long bytes) {
        all += bytes;
        long next = byOwner.getOrDefault(owner, 0L) + bytes;
        if (next == 0) {
            byOwner.remove(owner);
        } else {
            byOwner.put(owner, next);
        }
    }

    /** Owners that have something. */
    synchronized int owners() {
        return byOwner.size();
    }
}

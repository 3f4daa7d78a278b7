package dev.skerry.server.envd;

import dev.skerry.server.connect.Code;
import dev.skerry.server.connect.RpcError;
import dev.skerry.wire.stream.Watch;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Watches whose changes are fetched by calls instead of a stream, until they are removed or the connection to the
 * sandbox ends. What is not fetched waits in the bounded queue of each. Thread-safe.
 */
final class Watchers {
    private static final int WATCHERS_MAX = 64;

    /** @param withEntries whether changes are told with a description of the file */
    record Watcher(Watch watch, String folder, Account account, boolean withEntries) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, Watcher> byId = new HashMap<>();

    /** Takes the watch over: it is closed when there are too many. */
    String add(Watcher watcher) {
        lock.lock();
        try {
            byId.values().removeIf(other -> other.watch.ended());
            if (byId.size() >= WATCHERS_MAX) {
                watcher.watch.close();
                throw new RpcError(
                        Code.RESOURCE_EXHAUSTED,
                        "more than " + WATCHERS_MAX + " watchers in one sandbox; remove those that are not needed");
            }
            String id = UUID.randomUUID().toString();
            byId.put(id, watcher);
            return id;
        } finally {
            lock.unlock();
        }
    }

    /** @throws RpcError {@code not_found} */
    Watcher get(String id) {
        lock.lock();
        try {
            return Optional.ofNullable(byId.get(id)).orElseThrow(() -> missing(id));
        } finally {
            lock.unlock();
        }
    }

    void remove(String id) {
        lock.lock();
        try {
            Optional.ofNullable(byId.remove(id))
                    .orElseThrow(() -> missing(id))
                    .watch
                    .close();
        } finally {
            lock.unlock();
        }
    }

    private static RpcError missing(String id) {
        return new RpcError(Code.NOT_FOUND, "watcher with id " + id + " not found");
    }
}

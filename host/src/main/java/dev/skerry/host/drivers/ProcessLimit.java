package dev.skerry.host.drivers;

import dev.skerry.wire.Limits;
import java.util.List;

/** A limit that the kernel keeps per process: setrlimit(2), soft and hard alike. */
record ProcessLimit(Resource resource, long value) {
    private static final long LOCKED_BYTES = 64 << 10;
    private static final long MESSAGE_QUEUE_BYTES = 819_200;
    private static final long PENDING_SIGNALS = 1024;

    /** Numbers as on x86-64 and arm64. */
    enum Resource {
        FSIZE(1),
        CORE(4),
        NOFILE(7),
        MEMLOCK(8),
        SIGPENDING(11),
        MSGQUEUE(12);

        private final int number;

        Resource(int number) {
            this.number = number;
        }

        int number() {
            return number;
        }
    }

    /** What every process inside starts with. No core files; no file larger than the whole writable layer. */
    static List<ProcessLimit> all(Limits limits) {
        return List.of(
                new ProcessLimit(Resource.NOFILE, Limits.OPEN_FILES_MAX),
                new ProcessLimit(Resource.CORE, 0),
                new ProcessLimit(Resource.FSIZE, limits.diskBytes()),
                new ProcessLimit(Resource.MEMLOCK, LOCKED_BYTES),
                new ProcessLimit(Resource.MSGQUEUE, MESSAGE_QUEUE_BYTES),
                new ProcessLimit(Resource.SIGPENDING, PENDING_SIGNALS));
    }
}

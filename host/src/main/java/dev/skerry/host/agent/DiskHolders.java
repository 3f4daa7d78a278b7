package dev.skerry.host.agent;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import java.util.concurrent.ConcurrentHashMap;

/** Which life of a sandbox has its disk: one at a time. Thread-safe. */
final class DiskHolders {
    private static final String REMOVAL = "its removal";

    /** In words. */
    private final ConcurrentHashMap<SandboxId, String> holders = new ConcurrentHashMap<>();

    /** @throws Failure {@code CONFLICT} while another has it; nothing happens to a life without a disk */
    void hold(Life life) {
        if (life.onDisk()) {
            hold(life.incarnation().id(), life.incarnation().toString());
        }
    }

    void release(Life life) {
        if (life.onDisk()) {
            holders.remove(life.incarnation().id(), life.incarnation().toString());
        }
    }

    /** Whether a later life has the disk that this one had. */
    boolean passedOn(Life life) {
        String holder = holders.get(life.incarnation().id());
        return holder != null && !holder.equals(life.incarnation().toString());
    }

    /** Removes a disk that nobody has, and that nobody can take meanwhile. */
    void remove(SandboxId id, Runnable removal) {
        hold(id, REMOVAL);
        try {
            removal.run();
        } finally {
            holders.remove(id, REMOVAL);
        }
    }

    private void hold(SandboxId id, String who) {
        String holder = holders.putIfAbsent(id, who);
        if (holder != null) {
            throw new Failure(
                    ErrorCode.CONFLICT, "the disk of " + id + " is in use by " + holder, "destroy that first");
        }
    }
}

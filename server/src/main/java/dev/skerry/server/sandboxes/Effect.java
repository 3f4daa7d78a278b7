package dev.skerry.server.sandboxes;

import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.Deadline;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.hosts.StartSandbox;
import java.time.Duration;

/** What a host is to do. Each may be issued again at any time, also after a crash. */
sealed interface Effect {
    record StartOn(StartSandbox command) implements Effect {}

    record SetDeadline(Incarnation incarnation, Deadline deadline) implements Effect {}

    record Freeze(Incarnation incarnation) implements Effect {}

    record Thaw(Incarnation incarnation) implements Effect {}

    /** @param grace zero: at once; otherwise processes may end by themselves first, and the disk is synced */
    record Destroy(Incarnation incarnation, Duration grace) implements Effect {}

    record DiscardDisk(SandboxId id) implements Effect {}
}

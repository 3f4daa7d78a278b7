package dev.skerry.host.agent;

import dev.skerry.host.disks.Disks;
import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.Sandbox;
import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.host.pools.ReadySandboxes;
import dev.skerry.host.templates.Template;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.hosts.HostListener;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.hosts.StartSandbox;
import java.time.Duration;
import java.util.Optional;

/**
 * Carries commands to start out: with one that is ready, or else the template, the disk, then the engine. What fails
 * leaves nothing.
 */
final class Starts {
    private static final Duration DISK_BOUND = Duration.ofSeconds(30);

    private final Engine engine;
    private final Disks disks;
    private final DiskHolders holders;
    private final ReadySandboxes ready;
    private final HostListener listener;

    Starts(Engine engine, Disks disks, DiskHolders holders, ReadySandboxes ready, HostListener listener) {
        this.engine = engine;
        this.disks = disks;
        this.holders = holders;
        this.ready = ready;
        this.listener = listener;
    }

    Sandbox start(Life life, StartSandbox command) {
        try (var _ = ready.work()) {
            Optional<Sandbox> warm =
                    command.keepsDisk() && ready.has(command.incarnation()) ? warm(life, command) : Optional.empty();
            return warm.isPresent() ? warm.get() : cold(life, command);
        }
    }

    private Optional<Sandbox> warm(Life life, StartSandbox command) {
        holders.hold(life);
        Optional<Sandbox> sandbox = Optional.empty();
        try {
            sandbox = ready.start(command, listener);
            sandbox.ifPresent(one -> life.uses(one.record().template()));
            return sandbox;
        } finally {
            if (sandbox.isEmpty()) {
                holders.release(life);
            }
        }
    }

    private Sandbox cold(Life life, StartSandbox command) {
        Incarnation incarnation = command.incarnation();
        Optional<String> lies = command.keepsDisk() ? disks.template(incarnation.id()) : Optional.empty();
        if (command.keepsDisk() && incarnation.generation() > 1 && lies.isEmpty()) {
            // An empty one in its place would look like its files were deleted.
            throw new Failure(
                    ErrorCode.SANDBOX_GONE, "the disk of " + incarnation.id() + " is not on this host any more");
        }
        Template template = engine.template(lies.orElse(command.template()), command.privilege());
        life.uses(template.digest());
        SandboxSpec spec = SandboxSpec.base(command.floor(), command.limits().withoutWallTime())
                .fromTemplate(template.digest())
                .withPrivilege(command.privilege());
        if (!command.keepsDisk()) {
            return engine.start(incarnation, spec, command.deadline(), listener);
        }
        holders.hold(life);
        try {
            return startOnDisk(command, spec);
        } catch (RuntimeException e) {
            holders.release(life);
            throw e;
        }
    }

    private Sandbox startOnDisk(StartSandbox command, SandboxSpec spec) {
        Incarnation incarnation = command.incarnation();
        Disks.Disk disk = disks.prepare(incarnation.id(), command.limits(), spec.template());
        try {
            return engine.start(incarnation, spec.onDisk(disk.image()), command.deadline(), listener);
        } catch (RuntimeException e) {
            if (disk.fresh() && disks.awaitFree(incarnation.id(), DISK_BOUND, () -> false)) {
                disks.discard(incarnation.id());
            }
            throw e;
        }
    }
}

package dev.skerry.testkit;

import dev.skerry.host.disks.Disks;
import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Launch;
import dev.skerry.host.drivers.ShimPlan;
import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.SandboxId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** Makes of every sandbox one as a server has them: its writable layer is a disk, and setuid programs may work. */
final class OnDiskWithSudo implements Driver {
    private final Driver inner;
    private final Disks disks;
    private final List<Path> layers;

    /** @param layers of the template with sudo */
    OnDiskWithSudo(Driver inner, Disks disks, List<Path> layers) {
        this.inner = inner;
        this.disks = disks;
        this.layers = List.copyOf(layers);
    }

    @Override
    public Isolation level() {
        return inner.level();
    }

    @Override
    public String runtime() {
        return inner.runtime();
    }

    @Override
    public Set<Feature> features() {
        return inner.features();
    }

    @Override
    public List<Finding> probe() {
        return inner.probe();
    }

    private static SandboxId id(Launch launch) {
        return new SandboxId(launch.name().substring(0, launch.name().indexOf('.')));
    }

    @Override
    public ShimPlan plan(Launch launch) {
        SandboxSpec asked = launch.spec();
        Path image = disks.prepare(id(launch), asked.limits(), "").image();
        SandboxSpec spec = asked.onDisk(image).withPrivilege(Privilege.SUDO);
        return inner.plan(new Launch(launch.name(), launch.runDir(), spec, layers, launch.uidBase(), launch.guestd()));
    }

    @Override
    public void sweep(Launch launch) {
        inner.sweep(launch);
        disks.awaitFree(id(launch), Duration.ofSeconds(30), () -> false);
        disks.discard(id(launch));
    }
}

package dev.skerry.testkit;

import dev.skerry.host.cgroups.CgroupLayout;
import dev.skerry.host.cgroups.Cgroups;
import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Drivers;
import dev.skerry.host.drivers.Launch;
import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.wire.Limits;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ObjectNode;

/** What is wrong with a {@link WeakenedDriver}. Closing takes away what it left on the host on purpose. */
interface Weakness extends AutoCloseable {
    /** The good driver. */
    default Driver driver() {
        return Drivers.container(TestEngines.runtime("crun"));
    }

    /** What the good driver is told to start. */
    default Launch launch(Launch launch) {
        return launch;
    }

    /** Edits the config.json that the good driver has written. */
    default void bundle(ObjectNode config) {}

    /** Changes the host, where the sandbox's cgroup is by now and nothing else of it. */
    default void host(Launch launch) {}

    @Override
    default void close() {}

    /** Only the arena's conditions are worse. */
    static Weakness none() {
        return new Weakness() {};
    }

    /** The driver is told other limits than those that were asked for. */
    static Weakness launch(UnaryOperator<Limits> change) {
        return new Weakness() {
            @Override
            public Launch launch(Launch launch) {
                SandboxSpec asked = launch.spec();
                SandboxSpec told = SandboxSpec.base(asked.floor(), change.apply(asked.limits()));
                return new Launch(
                        launch.name(), launch.runDir(), told, launch.layers(), launch.uidBase(), launch.guestd());
            }
        };
    }

    static Weakness bundle(Consumer<ObjectNode> edit) {
        return new Weakness() {
            @Override
            public void bundle(ObjectNode config) {
                edit.accept(config);
            }
        };
    }

    static Weakness host(Consumer<Launch> change) {
        return new Weakness() {
            @Override
            public void host(Launch launch) {
                change.accept(launch);
            }
        };
    }

    /** The kernel holds other limits than those that were asked for: higher ones, never none, for the host's sake. */
    static Weakness cgroup(UnaryOperator<Limits> change) {
        return host(launch -> cgroups(launch)
                .find(launch.name())
                .orElseThrow()
                .update(change.apply(launch.spec().limits())));
    }

    static Cgroups cgroups(Launch launch) {
        return Cgroups.open(CgroupLayout.detect(), instance(launch));
    }

    static String instance(Launch launch) {
        return launch.runDir().getParent().getFileName().toString();
    }
}

package dev.skerry.testkit;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.GvisorDriver;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * gVisor with a limit on each process that is higher than it should be. Elsewhere such limits come from the shim, and a
 * host that is a container itself cannot raise them again.
 */
record UserSpaceKernel(String resource, long value) implements Weakness {
    static UserSpaceKernel allowing(String resource, long value) {
        return new UserSpaceKernel(resource, value);
    }

    @Override
    public Driver driver() {
        return new GvisorDriver(TestEngines.runtime("runsc"), Optional.empty());
    }

    @Override
    public void bundle(ObjectNode config) {
        Bundles.limit(config, resource, value);
    }
}

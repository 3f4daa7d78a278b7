package dev.skerry.host.engine;

import dev.skerry.host.drivers.Drivers;

/** Level container on runc. */
class RuncContractTest extends DriverContract {
    RuncContractTest() {
        super(host -> Drivers.container(TestHost.runtime("runc")));
    }
}

package dev.skerry.host.engine;

import dev.skerry.host.drivers.Drivers;

/** Level container on crun. */
class CrunContractTest extends DriverContract {
    CrunContractTest() {
        super(host -> Drivers.container(TestHost.runtime("crun")));
    }
}

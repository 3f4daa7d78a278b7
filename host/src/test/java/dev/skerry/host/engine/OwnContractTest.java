package dev.skerry.host.engine;

import dev.skerry.host.drivers.Drivers;

/** Level container on the launcher of our own. */
class OwnContractTest extends DriverContract {
    OwnContractTest() {
        super(host -> Drivers.container(host.guestd()));
    }
}

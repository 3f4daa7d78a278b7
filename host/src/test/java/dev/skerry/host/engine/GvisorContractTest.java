package dev.skerry.host.engine;

/** Level gvisor on runsc. */
class GvisorContractTest extends DriverContract {
    GvisorContractTest() {
        super(TestHost::gvisor);
    }
}

package dev.skerry.server.sandboxes;

/** The server's process ends here. Nothing catches it but the simulation. */
final class SimulatedCrash extends Error {
    private static final long serialVersionUID = 1L;

    SimulatedCrash() {
        super("the process ends here", null, false, false);
    }
}

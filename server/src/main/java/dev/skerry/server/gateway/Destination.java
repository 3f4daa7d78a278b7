package dev.skerry.server.gateway;

import dev.skerry.wire.SandboxId;

/** Where a request goes. */
sealed interface Destination {
    /** The control plane. */
    record Api() implements Destination {}

    record Port(SandboxId id, int port) implements Destination {}

    /**
     * A sandbox that cannot be here, as its id is none of ours.
     *
     * @param id of letters, digits and hyphens
     */
    record Unknown(String id) implements Destination {}

    /** Nowhere. */
    record Refused(int status, String message) implements Destination {}
}

package dev.skerry.server.sandboxes;

import dev.skerry.wire.Usage;
import dev.skerry.wire.stream.GuestConnection;
import java.util.function.Supplier;

/**
 * A running sandbox, for the doors of the data plane.
 *
 * @param guest its stream; fails with {@code SANDBOX_GONE} from the moment it ends
 * @param streams whoever holds an answer open (a process's output, a watch, a proxied connection) is listed here
 * @param usage asks the host
 */
public record LiveSandbox(Sandbox sandbox, GuestConnection guest, OpenStreams streams, Supplier<Usage> usage) {}

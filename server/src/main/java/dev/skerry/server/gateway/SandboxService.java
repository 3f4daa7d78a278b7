package dev.skerry.server.gateway;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.sandboxes.LiveSandbox;
import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.wire.Failure;
import java.io.IOException;

/**
 * What the server itself answers on one port of a sandbox: the services that clients expect to run inside. The gateway
 * has found the sandbox, entered the request among its open streams, and interrupts the thread when the sandbox is
 * paused or ended.
 */
@FunctionalInterface
public interface SandboxService {
    /**
     * @throws Failure {@code SANDBOX_GONE} before anything was answered becomes the gateway's answer for a sandbox that
     *     has ended; every other one the service has answered itself. Whatever is thrown later breaks the connection,
     *     which is what clients need to see when a sandbox ends under a stream
     */
    void handle(Exchange exchange, LiveSandbox sandbox) throws IOException, InterruptedException;

    /**
     * Asked before a sandbox that does not run is woken for a request: true when it was answered, as for somebody who
     * may not enter. So that nobody without a token can keep a sandbox awake.
     */
    default boolean answeredAsleep(Exchange exchange, Sandbox sandbox) throws IOException {
        return false;
    }
}

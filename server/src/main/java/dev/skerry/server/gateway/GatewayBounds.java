package dev.skerry.server.gateway;

import java.time.Duration;

/**
 * What the gateway bears.
 *
 * @param requestsPerSandbox at a time, upgraded connections included
 * @param requestsPerClient at a time, by address, over all sandboxes
 * @param firstByte how long a program inside may take from the last byte of a request to the first of its answer
 * @param answerHeaderBytes of one answer of a program inside
 * @param idlePerPort connections that are kept open to one port
 * @param idlePerSandbox connections that are kept open to one sandbox
 * @param idleTime how long they are
 */
public record GatewayBounds(
        int requestsPerSandbox,
        int requestsPerClient,
        Duration firstByte,
        int answerHeaderBytes,
        int idlePerPort,
        int idlePerSandbox,
        Duration idleTime) {
    public static final GatewayBounds DEFAULT =
            new GatewayBounds(600, 4_000, Duration.ofMinutes(5), 64 << 10, 64, 128, Duration.ofSeconds(4));
}

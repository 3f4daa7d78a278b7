package dev.skerry.server.http;

import java.time.Duration;

/**
 * What one server bears from its clients.
 *
 * @param connections over all listeners; further ones wait to be accepted
 * @param connectionsPerAddress of one client; further ones are closed at once
 * @param headerBytes of one request, with its first line
 * @param headerTime from the first byte of a request to the end of its header
 * @param idle how long a connection without a request stays open
 * @param quiet how long a request may be under way without a byte in either direction
 * @param streams requests at a time on one HTTP/2 connection
 * @param requests at a time, over all connections; further ones are refused at once
 * @param requestsPerAddress at a time of one client
 * @param heldBytes what large requests keep in memory as a whole at a time, all together; of one tenant half
 */
public record HttpBounds(
        int connections,
        int connectionsPerAddress,
        int headerBytes,
        Duration headerTime,
        Duration idle,
        Duration quiet,
        int streams,
        int requests,
        int requestsPerAddress,
        long heldBytes) {
    public static final HttpBounds DEFAULT = new HttpBounds(
            20_000,
            4_000,
            32 << 10,
            Duration.ofSeconds(20),
            Duration.ofMinutes(1),
            Duration.ofMinutes(10),
            1_000,
            20_000,
            5_000,
            Runtime.getRuntime().maxMemory() / 4);
}

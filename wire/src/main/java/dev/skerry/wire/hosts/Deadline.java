package dev.skerry.wire.hosts;

import java.time.Instant;

/**
 * When a host acts by itself. It is a net below the server, which acts earlier: the host keeps it on its boot clock and
 * does not need the server to be alive.
 */
public record Deadline(Instant at, AtDeadline action) {}

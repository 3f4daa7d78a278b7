package dev.skerry.server.sandboxes;

import java.time.Instant;

/** An entry of a sandbox's history that has no place in it yet; see {@link SandboxEvent}. */
public record Note(SandboxEvent.Kind kind, Instant at, String detail, Why why) {}

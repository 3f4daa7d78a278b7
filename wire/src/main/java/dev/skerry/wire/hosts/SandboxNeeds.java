package dev.skerry.wire.hosts;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Privilege;

/**
 * What a sandbox with a disk of its own has to be, whichever it is; as {@link StartSandbox} will say.
 *
 * @param template {@code base}, or the name or digest of one that the host has
 * @param floor the weakest isolation that will do
 */
public record SandboxNeeds(String template, Isolation floor, Limits limits, Privilege privilege) {}

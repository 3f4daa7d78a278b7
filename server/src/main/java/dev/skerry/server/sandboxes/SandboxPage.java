package dev.skerry.server.sandboxes;

import java.util.List;
import java.util.Optional;

/**
 * Some sandboxes of a list.
 *
 * @param next what to put into {@link SandboxQuery#after} for those behind; empty at the end
 */
public record SandboxPage(List<Sandbox> sandboxes, Optional<String> next) {
    public SandboxPage {
        sandboxes = List.copyOf(sandboxes);
    }
}

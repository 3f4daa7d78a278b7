package dev.skerry.server.sandboxes;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which of a tenant's sandboxes to list.
 *
 * @param metadata every entry of it is in the sandbox's
 * @param states as seen from outside; empty means all
 * @param startedAfter inclusive, to the microsecond; what is compared is when they were created
 * @param template by id or by the name that was asked for
 * @param after the last of the page before, in the order of this query
 */
public record SandboxQuery(
        Map<String, String> metadata,
        Set<Visible> states,
        Optional<Instant> startedAfter,
        Optional<String> template,
        boolean newestFirst,
        int limit,
        Optional<String> after) {
    /**
     * What is seen from outside of a sandbox that has not ended: pausing reads as paused, starting and resuming as
     * running.
     */
    public enum Visible {
        RUNNING,
        PAUSED;

        /** Empty for one that is ending or has ended. */
        public static Optional<Visible> of(SandboxState state) {
            return switch (state) {
                case SandboxState.Starting _, SandboxState.Running _, SandboxState.Resuming _ -> Optional.of(RUNNING);
                case SandboxState.Pausing _, SandboxState.Paused _ -> Optional.of(PAUSED);
                case SandboxState.Stopping _, SandboxState.Stopped _ -> Optional.empty();
            };
        }
    }

    public SandboxQuery {
        metadata = Map.copyOf(metadata);
        states = Set.copyOf(states);
    }
}

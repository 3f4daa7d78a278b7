package dev.skerry.wire.hosts;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.SandboxEnd;
import java.util.Optional;

/**
 * A sandbox as its host knows it.
 *
 * @param isolation what was achieved
 * @param warm whether it was ready before it was asked for, rather than made then
 * @param end how it ended, exactly when the state is {@code ENDED}
 */
public record HostedSandbox(
        Incarnation incarnation,
        State state,
        Isolation isolation,
        String template,
        boolean warm,
        Optional<SandboxEnd> end) {
    /** One that was made when it was asked for. */
    public HostedSandbox(
            Incarnation incarnation, State state, Isolation isolation, String template, Optional<SandboxEnd> end) {
        this(incarnation, state, isolation, template, false, end);
    }

    /** What there is of it. */
    public enum State {
        STARTING,
        RUNNING,
        FROZEN,
        /** Nothing is left but the record of its end, which is kept until {@link HostAgent#destroy} is called. */
        ENDED
    }
}

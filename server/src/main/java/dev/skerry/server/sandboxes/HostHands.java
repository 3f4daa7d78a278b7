package dev.skerry.server.sandboxes;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostedSandbox;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries effects out on a host, and reads from its refusals what has become of a sandbox. */
final class HostHands {
    private static final Logger LOG = LoggerFactory.getLogger(HostHands.class);

    /** What open answers get to end by themselves before their sandbox is paused. */
    private static final Duration DRAIN = Duration.ofSeconds(2);

    private final HostAgent host;

    HostHands(HostAgent host) {
        this.host = host;
    }

    void carryOut(Entry entry, Effect effect) throws InterruptedException {
        switch (effect) {
            case Effect.StartOn start -> entry.achieved(host.start(start.command()));
            case Effect.SetDeadline set -> host.deadline(set.incarnation(), Optional.of(set.deadline()));
            case Effect.Freeze freeze -> {
                drain(entry);
                host.freeze(freeze.incarnation());
            }
            case Effect.Thaw thaw -> host.thaw(thaw.incarnation());
            case Effect.Destroy destroy -> {
                if (destroy.grace().isPositive()) {
                    drain(entry);
                }
                host.destroy(destroy.incarnation(), destroy.grace());
            }
            case Effect.DiscardDisk discard -> host.discardDisk(discard.id());
        }
    }

    private static void drain(Entry entry) throws InterruptedException {
        Optional<OpenStreams> streams = entry.openStreams();
        if (streams.isPresent()) {
            streams.get().drain(DRAIN);
        }
    }

    /** What that it could not be carried out means; nothing: it has to be tried again. */
    Optional<LifecycleEvent> meaning(Sandbox sandbox, Effect effect, RuntimeException cause) {
        boolean gone = cause instanceof Failure failure && failure.code() == ErrorCode.SANDBOX_GONE;
        if (gone && !(effect instanceof Effect.StartOn)) {
            Optional<LifecycleEvent> end = whatHappened(sandbox);
            if (end.isPresent()) {
                return end;
            }
        }
        return Effects.failure(sandbox.state(), Objects.requireNonNullElse(cause.getMessage(), "the host failed"));
    }

    /** The record of its end. That the host has none may be a mistake, and is believed when it was seen twice. */
    private Optional<LifecycleEvent> whatHappened(Sandbox sandbox) {
        for (HostedSandbox hosted : host.list()) {
            if (hosted.incarnation().equals(sandbox.incarnation())) {
                return hosted.end().map(end -> new LifecycleEvent.HostEnded(sandbox.generation(), end));
            }
        }
        return Optional.empty();
    }

    /** Frees whoever waits for a start that is not wanted any more. */
    void hurry(Sandbox sandbox) {
        try {
            host.destroy(sandbox.incarnation(), Duration.ZERO);
        } catch (RuntimeException e) {
            LOG.debug("sandbox {} could not be hurried to its end", sandbox.id(), e);
        }
    }
}

package dev.skerry.server.sandboxes;

import dev.skerry.wire.SandboxId;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Which events are meant; what is empty does not matter.
 *
 * @param key the id of the key with which it was asked for
 * @param until not at that time any more
 * @param text a part of the detail
 */
public record EventFilter(
        Optional<SandboxId> sandbox,
        Set<SandboxEvent.Kind> kinds,
        Set<Cause> causes,
        Optional<String> key,
        Optional<Instant> since,
        Optional<Instant> until,
        Optional<String> text) {
    public static final EventFilter ALL = new EventFilter(
            Optional.empty(),
            Set.of(),
            Set.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    public EventFilter {
        kinds = Set.copyOf(kinds);
        causes = Set.copyOf(causes);
    }

    boolean matches(SandboxEvent event) {
        return sandbox.map(event.id()::equals).orElse(true)
                && (kinds.isEmpty() || kinds.contains(event.kind()))
                && (causes.isEmpty() || causes.contains(event.why().cause()))
                && key.map(event.why().origin().key()::equals).orElse(true)
                && since.map(time -> !event.at().isBefore(time)).orElse(true)
                && until.map(time -> event.at().isBefore(time)).orElse(true)
                && text.map(part -> lower(event.detail()).contains(lower(part))).orElse(true);
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }
}

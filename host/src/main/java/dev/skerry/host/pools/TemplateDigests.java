package dev.skerry.host.pools;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.templates.Template;
import dev.skerry.wire.Privilege;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Digests of templates by name. To find that of {@code base} takes longer than a claim: it is looked up once a second.
 * Thread-safe.
 */
final class TemplateDigests {
    private static final Duration FRESH = Duration.ofSeconds(1);

    private final Engine engine;
    private final Privilege privilege;
    private final LongSupplier nanoClock;
    private final Map<String, Seen> seen = new ConcurrentHashMap<>();

    /** Of those for jobs. */
    TemplateDigests(Engine engine, LongSupplier nanoClock) {
        this(engine, Privilege.NONE, nanoClock);
    }

    TemplateDigests(Engine engine, Privilege privilege, LongSupplier nanoClock) {
        this.engine = engine;
        this.privilege = privilege;
        this.nanoClock = nanoClock;
    }

    private record Seen(String digest, long at) {}

    /** For a claim: whoever has just imported another template of that name gets that one. */
    String now(String template) {
        return template.equals(Template.BASE)
                ? lately(template)
                : find(template).digest();
    }

    /** As it is or was within the last second. */
    String lately(String template) {
        Seen known = seen.get(template);
        boolean fresh = known != null && nanoClock.getAsLong() - known.at() < FRESH.toNanos();
        return fresh ? known.digest() : find(template).digest();
    }

    private Seen find(String template) {
        Seen found = new Seen(engine.template(template, privilege).digest(), nanoClock.getAsLong());
        seen.put(template, found);
        return found;
    }
}

package dev.skerry.host.jobs;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.templates.Template;
import dev.skerry.wire.Privilege;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Templates as they were found less than a second ago, if no template has come or gone since: looking one up reads a
 * dozen files, and jobs come by the hundred.
 * Thread-safe.
 */
final class RecentTemplates {
    private static final long GOOD_NANOS = Duration.ofSeconds(1).toNanos();
    private static final int KEPT_MAX = 256;

    private final Engine engine;
    private final ConcurrentHashMap<String, Found> found = new ConcurrentHashMap<>();

    private record Found(Template template, FileTime templates, long nanos) {
        boolean good(FileTime now) {
            return templates.equals(now) && System.nanoTime() - nanos < GOOD_NANOS;
        }
    }

    RecentTemplates(Engine engine) {
        this.engine = engine;
    }

    void forget(String nameOrDigest) {
        found.remove(nameOrDigest);
    }

    Template find(String nameOrDigest) {
        FileTime now = engine.templates().changed();
        Found recent = found.get(nameOrDigest);
        if (recent != null && recent.good(now)) {
            return recent.template();
        }
        if (found.size() >= KEPT_MAX) {
            found.values().removeIf(each -> !each.good(now));
        }
        Template template = engine.template(nameOrDigest, Privilege.NONE);
        found.put(nameOrDigest, new Found(template, now, System.nanoTime()));
        return template;
    }
}

package dev.skerry.cli;

import dev.skerry.cli.client.EnvFile;
import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.settings.PoolSettings;
import dev.skerry.server.settings.SandboxSettings;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.Traffic;
import dev.skerry.wire.Quantity;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongFunction;

/**
 * What {@code skerry serve} tells whoever started it.
 *
 * @param file where the variables are that clients need
 */
record ServeReport(RunningServer.Facts facts, Path file) {
    /** @param key one that was just made, and is shown this once */
    String text(Optional<String> key) {
        String place = quoted(file.toAbsolutePath().toString());
        String url = "export " + EnvFile.API_URL + "=" + quoted(facts.api().toString()) + " " + EnvFile.DOMAIN + "="
                + quoted(facts.domain());
        String secret = "export " + EnvFile.API_KEY + "=\"$(sed -n 's/^" + EnvFile.API_KEY + "=//p' " + place + ")\"";
        String node = "export " + EnvFile.NODE_AUTHORITY + "="
                + quoted(facts.authority().toString());
        String python = "export " + EnvFile.AUTHORITIES + "="
                + quoted(facts.authorities().toString());
        StringBuilder text = new StringBuilder();
        text.append("API      ").append(facts.api()).append('\n');
        text.append("ports    https://PORT-ID.").append(facts.domain()).append('\n');
        facts.piston()
                .ifPresent(piston -> text.append("Piston   ").append(piston).append('\n'));
        key.ifPresent(secretKey ->
                text.append("API key  ").append(secretKey).append("  (shown this once; it is in the file below)\n"));
        text.append("file     ").append(file.toAbsolutePath()).append('\n');
        text.append("\nTo use it from a shell, for the JavaScript SDK or the E2B CLI:\n");
        text.append("  ")
                .append(url)
                .append("\n  ")
                .append(secret)
                .append("\n  ")
                .append(node)
                .append('\n');
        text.append("for the Python SDK:\n");
        text.append("  ")
                .append(url)
                .append("\n  ")
                .append(secret)
                .append("\n  ")
                .append(python)
                .append('\n');
        text.append("or all at once:\n");
        text.append("  set -a; . ").append(place).append("; set +a\n");
        return text.toString();
    }

    /** For a POSIX shell, where it needs that. */
    private static String quoted(String text) {
        return text.matches("[A-Za-z0-9_./:@%+=,-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }

    /** What the settings come to. */
    static String settings(ServerSettings settings) {
        SandboxSettings boxes = settings.sandboxes();
        Columns columns = new Columns("SETTING", "VALUE");
        columns.add("data", settings.data().toString());
        columns.add("database", settings.database().database());
        columns.add(
                "database-password-file",
                settings.database().password().isPresent() ? "(a password is given)" : "(none)");
        columns.add(
                "advertise",
                settings.database().advertised().map(Object::toString).orElse("as http"));
        columns.add("http", settings.http().toString());
        columns.add("tls", settings.tls().toString());
        columns.add("domain", settings.domain());
        columns.add("drain", Quantity.ofTime(settings.drain()));
        columns.add("sandboxes.isolation", boxes.isolation().label());
        columns.add("sandboxes.launcher", boxes.launcher().label());
        columns.add("sandboxes.cpus", String.valueOf(boxes.cpuMillis() / 1000.0));
        columns.add("sandboxes.memory", Quantity.ofBytes(boxes.memoryBytes()));
        columns.add("sandboxes.disk", Quantity.ofBytes(boxes.diskBytes()));
        columns.add("sandboxes.disk-files", String.valueOf(boxes.diskInodes()));
        columns.add("sandboxes.processes", String.valueOf(boxes.processes()));
        columns.add("sandboxes.timeout-max", Quantity.ofTime(boxes.timeoutMax()));
        columns.add("sandboxes.resume-timeout", Quantity.ofTime(boxes.resumeTimeout()));
        columns.add("sandboxes.running-max", String.valueOf(boxes.runningMax()));
        Quota quota = settings.quota();
        columns.add("quotas.sandboxes", limit(quota, Resource.SANDBOXES, String::valueOf));
        columns.add("quotas.cpus", limit(quota, Resource.CPU_MILLIS, millis -> String.valueOf(millis / 1000.0)));
        columns.add("quotas.memory", limit(quota, Resource.MEMORY_BYTES, Quantity::ofBytes));
        columns.add("quotas.disk", limit(quota, Resource.DISK_BYTES, Quantity::ofBytes));
        columns.add("quotas.creates-per-second", limit(quota, Resource.CREATES_PER_SECOND, String::valueOf));
        columns.add("quotas.jobs", limit(quota, Resource.JOBS, String::valueOf));
        for (Traffic traffic : Traffic.values()) {
            Long rate = settings.rates().get(traffic);
            columns.add("rates." + traffic.name().toLowerCase(Locale.ROOT), rate == null ? "none" : rate.toString());
        }
        columns.add("audit.keep", Quantity.ofTime(settings.auditKeep()));
        String networks = settings.webhookNetworks().toString();
        columns.add("webhooks.networks", networks.isEmpty() ? "none" : networks);
        settings.piston().values().forEach(columns::add);
        JobSettings jobs = settings.jobs();
        columns.add("jobs.concurrent", String.valueOf(jobs.slots()));
        columns.add("jobs.queued", String.valueOf(jobs.queued()));
        columns.add("jobs.queued-of-tenant", String.valueOf(jobs.queuedOfTenant()));
        columns.add("jobs.weights", orNone(jobs.weightsText()));
        columns.add("jobs.keep", Quantity.ofTime(jobs.keep()));
        columns.add("jobs.trust", orNone(jobs.trust().toString()));
        PoolSettings pools = settings.pools();
        columns.add("jobs.pools", orNone(pools.text()));
        columns.add("jobs.pool-hits", String.valueOf(pools.hitPercent()));
        columns.add("jobs.pool-memory", Quantity.ofBytes(pools.idleBytes()));
        columns.add("jobs.pool-miss", PoolSettings.label(pools.miss()));
        columns.add("jobs.pool-patience", Quantity.ofTime(pools.patience()));
        return columns.toString();
    }

    private static String orNone(String text) {
        return text.isEmpty() ? "none" : text;
    }

    private static String limit(Quota quota, Resource resource, LongFunction<String> words) {
        OptionalLong limit = quota.limit(resource);
        return limit.isPresent() ? words.apply(limit.getAsLong()) : "none";
    }
}

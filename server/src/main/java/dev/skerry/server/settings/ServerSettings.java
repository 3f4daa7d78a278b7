package dev.skerry.server.settings;

import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.Traffic;
import dev.skerry.wire.Launcher;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * The whole configuration.
 *
 * @param data where everything is kept that survives a reboot
 * @param database where it is kept what sandboxes there are
 * @param http where the API listens without TLS
 * @param tls where the API and all ports of sandboxes listen with TLS
 * @param domain under which sandboxes have their names, with a port if clients need one
 * @param drain how long requests under way may take once the server is told to stop
 * @param quota of each tenant that has none of its own
 * @param rates how often each key or client may ask in a second; what is absent is not limited
 * @param auditKeep how long the audit log goes back
 * @param webhookNetworks where webhooks may go besides the internet
 * @param jobs how programs that are run once take turns
 */
public record ServerSettings(
        Path data,
        DatabaseSettings database,
        Address http,
        Address tls,
        String domain,
        Duration drain,
        SandboxSettings sandboxes,
        Quota quota,
        Map<Traffic, Long> rates,
        Duration auditKeep,
        Networks webhookNetworks,
        JobSettings jobs) {
    /** Above what one busy client needs; the gateway is bounded by how much goes on at a time. */
    private static final Map<Traffic, Long> RATES =
            Map.of(Traffic.CREATE, 100L, Traffic.MUTATE, 500L, Traffic.READ, 1000L, Traffic.UNKNOWN, 50L);

    public static final ServerSettings DEFAULT = new ServerSettings(
            Path.of("/var/lib/skerry"),
            DatabaseSettings.SQLITE,
            Address.parse("127.0.0.1:3000"),
            Address.parse("127.0.0.1:8443"),
            "sbx.localhost:8443",
            Duration.ofSeconds(30),
            SandboxSettings.DEFAULT,
            Quota.UNSAID,
            RATES,
            Duration.ofDays(90),
            Networks.NONE,
            JobSettings.DEFAULT);

    public ServerSettings {
        rates = Map.copyOf(rates);
    }

    /** What the command line says instead of the file. */
    public record Overrides(
            Optional<Path> data, Optional<Address> http, Optional<Address> tls, Optional<String> domain) {}

    public ServerSettings with(DatabaseSettings other) {
        return new ServerSettings(
                data, other, http, tls, domain, drain, sandboxes, quota, rates, auditKeep, webhookNetworks, jobs);
    }

    public ServerSettings with(Launcher launcher) {
        return new ServerSettings(
                data,
                database,
                http,
                tls,
                domain,
                drain,
                sandboxes.with(launcher),
                quota,
                rates,
                auditKeep,
                webhookNetworks,
                jobs);
    }

    public ServerSettings with(JobSettings other) {
        return new ServerSettings(
                data, database, http, tls, domain, drain, sandboxes, quota, rates, auditKeep, webhookNetworks, other);
    }

    public ServerSettings with(Overrides overrides) {
        return new ServerSettings(
                overrides.data().orElse(data),
                database,
                overrides.http().orElse(http),
                overrides.tls().orElse(tls),
                overrides.domain().orElse(domain),
                drain,
                sandboxes,
                quota,
                rates,
                auditKeep,
                webhookNetworks,
                jobs);
    }

    /** The domain without a port. */
    public String domainName() {
        int colon = domain.indexOf(':');
        return colon < 0 ? domain : domain.substring(0, colon);
    }
}

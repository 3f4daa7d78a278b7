package dev.skerry.server.settings;

import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.Traffic;
import dev.skerry.wire.Launcher;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The whole configuration.
 *
 * @param data where everything is kept that survives a reboot
 * @param database where it is kept what sandboxes there are
 * @param http where the API listens without TLS
 * @param tls where the API and all ports of sandboxes listen with TLS
 * @param domain under which sandboxes have their names, with a port if clients need one
 * @param drain how long requests under way may take once the server is told to stop
 * @param pools of sandboxes that are ready for jobs
 * @param quota of each tenant that has none of its own
 * @param rates how often each key or client may ask in a second; what is absent is not limited
 * @param auditKeep how long the audit log goes back
 * @param webhookNetworks where webhooks may go besides the internet
 * @param piston the door that speaks Piston's API
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
        PoolSettings pools,
        Quota quota,
        Map<Traffic, Long> rates,
        Duration auditKeep,
        Networks webhookNetworks,
        PistonSettings piston,
        JobSettings jobs) {
    /** Above what one busy client needs; the gateway is bounded by how much goes on at a time. */
    private static final Map<Traffic, Long> RATES = Map.of(
            Traffic.CREATE,
            100L,
            Traffic.MUTATE,
            500L,
            Traffic.READ,
            1000L,
            Traffic.UNKNOWN,
            50L,
            Traffic.JOB,
            500L,
            Traffic.ANONYMOUS,
            5L);

    public static final ServerSettings DEFAULT = new ServerSettings(
            Path.of("/var/lib/skerry"),
            DatabaseSettings.SQLITE,
            Address.parse("127.0.0.1:3000"),
            Address.parse("127.0.0.1:8443"),
            "sbx.localhost:8443",
            Duration.ofSeconds(30),
            SandboxSettings.DEFAULT,
            PoolSettings.DEFAULT,
            Quota.UNSAID,
            RATES,
            Duration.ofDays(90),
            Networks.NONE,
            PistonSettings.DEFAULT,
            JobSettings.DEFAULT);

    public ServerSettings {
        rates = Map.copyOf(rates);
    }

    /** What the command line says instead of the file. */
    public record Overrides(
            Optional<Path> data, Optional<Address> http, Optional<Address> tls, Optional<String> domain) {}

    public ServerSettings with(DatabaseSettings other) {
        return changed(draft -> draft.database = other);
    }

    public ServerSettings with(Launcher launcher) {
        return changed(draft -> draft.sandboxes = sandboxes.with(launcher));
    }

    public ServerSettings with(PistonSettings other) {
        return changed(draft -> draft.piston = other);
    }

    public ServerSettings with(JobSettings other) {
        return changed(draft -> draft.jobs = other);
    }

    public ServerSettings with(Overrides overrides) {
        return changed(draft -> {
            draft.data = overrides.data().orElse(data);
            draft.http = overrides.http().orElse(http);
            draft.tls = overrides.tls().orElse(tls);
            draft.domain = overrides.domain().orElse(domain);
        });
    }

    private ServerSettings changed(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.settings();
    }

    /** A copy of which something will be different. */
    private static final class Draft {
        private Path data;
        private DatabaseSettings database;
        private Address http;
        private Address tls;
        private String domain;
        private Duration drain;
        private SandboxSettings sandboxes;
        private PoolSettings pools;
        private Quota quota;
        private Map<Traffic, Long> rates;
        private Duration auditKeep;
        private Networks webhookNetworks;
        private PistonSettings piston;
        private JobSettings jobs;

        private Draft(ServerSettings of) {
            this.data = of.data;
            this.database = of.database;
            this.http = of.http;
            this.tls = of.tls;
            this.domain = of.domain;
            this.drain = of.drain;
            this.sandboxes = of.sandboxes;
            this.pools = of.pools;
            this.quota = of.quota;
            this.rates = of.rates;
            this.auditKeep = of.auditKeep;
            this.webhookNetworks = of.webhookNetworks;
            this.piston = of.piston;
            this.jobs = of.jobs;
        }

        private ServerSettings settings() {
            return new ServerSettings(
                    data,
                    database,
                    http,
                    tls,
                    domain,
                    drain,
                    sandboxes,
                    pools,
                    quota,
                    rates,
                    auditKeep,
                    webhookNetworks,
                    piston,
                    jobs);
        }
    }

    /** The domain without a port. */
    public String domainName() {
        int colon = domain.indexOf(':');
        return colon < 0 ? domain : domain.substring(0, colon);
    }
}

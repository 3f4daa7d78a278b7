package dev.skerry.server.settings;

import dev.skerry.server.http.Listener.Address;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The whole configuration.
 *
 * @param data where everything is kept that survives a reboot
 * @param http where the API listens without TLS
 * @param tls where the API and all ports of sandboxes listen with TLS
 * @param domain under which sandboxes have their names, with a port if clients need one
 * @param drain how long requests under way may take once the server is told to stop
 * @param webhookNetworks where webhooks may go besides the internet
 */
public record ServerSettings(
        Path data,
        Address http,
        Address tls,
        String domain,
        Duration drain,
        SandboxSettings sandboxes,
        Networks webhookNetworks) {
    public static final ServerSettings DEFAULT = new ServerSettings(
            Path.of("/var/lib/skerry"),
            Address.parse("127.0.0.1:3000"),
            Address.parse("127.0.0.1:8443"),
            "sbx.localhost:8443",
            Duration.ofSeconds(30),
            SandboxSettings.DEFAULT,
            Networks.NONE);

    /** What the command line says instead of the file. */
    public record Overrides(
            Optional<Path> data, Optional<Address> http, Optional<Address> tls, Optional<String> domain) {}

    public ServerSettings with(Overrides overrides) {
        return new ServerSettings(
                overrides.data().orElse(data),
                overrides.http().orElse(http),
                overrides.tls().orElse(tls),
                overrides.domain().orElse(domain),
                drain,
                sandboxes,
                webhookNetworks);
    }

    /** The domain without a port. */
    public String domainName() {
        int colon = domain.indexOf(':');
        return colon < 0 ? domain : domain.substring(0, colon);
    }
}

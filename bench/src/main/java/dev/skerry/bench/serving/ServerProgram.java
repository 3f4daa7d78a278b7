package dev.skerry.bench.serving;

import dev.skerry.host.agent.LocalAgent;
import dev.skerry.host.engine.EngineSettings;
import dev.skerry.server.Server;
import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.logging.LogLines;
import dev.skerry.server.settings.DatabaseSettings;
import dev.skerry.server.settings.Networks;
import dev.skerry.server.settings.SandboxSettings;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostId;
import dev.skerry.wire.hosts.HostedSandbox;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;

/**
 * A server in a process of its own, until its standard input ends: then it ends its sandboxes too, unlike {@code skerry
 * serve}. Arguments: the data folder, and for
 * sandboxes that do not exist {@code simulated} and how many of them there are from the start.
 */
public final class ServerProgram {
    static final String SIMULATED = "simulated";
    private static final int SANDBOXES_MAX = 1_000_000;

    private ServerProgram() {}

    /** Prints the origin of the API and a key once it serves. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        LogLines.install(System.err);
        Path data = Path.of(arguments[0]);
        boolean simulated = arguments.length > 1 && arguments[1].equals(SIMULATED);
        try (HostAgent host = simulated
                ? simulated(data, Integer.parseInt(arguments[2]))
                : LocalAgent.open(EngineSettings.installed(data), new HostId("local"))) {
            try (Server server = Server.open(settings(data), host, InstantSource.system())) {
                host.templates();
                System.out.println(server.api() + " " + server.mintKey("bench"));
                while (System.in.read() >= 0) {
                    // Only its end means something.
                }
            }
            if (!simulated) {
                for (HostedSandbox sandbox : host.list()) {
                    host.destroy(sandbox.incarnation(), Duration.ZERO);
                }
                host.disks().forEach(host::discardDisk);
            }
        }
    }

    private static HostAgent simulated(Path data, int count) throws IOException {
        SimulatedHost host = new SimulatedHost();
        Seed.plant(data, host, count, InstantSource.system().instant());
        return host;
    }

    private static ServerSettings settings(Path data) {
        SandboxSettings usual = SandboxSettings.DEFAULT;
        SandboxSettings many = new SandboxSettings(
                usual.isolation(),
                usual.launcher(),
                usual.cpuMillis(),
                usual.memoryBytes(),
                usual.diskBytes(),
                usual.diskInodes(),
                usual.processes(),
                usual.timeoutMax(),
                usual.resumeTimeout(),
                SANDBOXES_MAX);
        Address anyPort = new Address("127.0.0.1", 0);
        return new ServerSettings(
                data,
                DatabaseSettings.SQLITE,
                anyPort,
                anyPort,
                "sbx.localhost",
                Duration.ofSeconds(5),
                many,
                Quota.UNSAID,
                RateLimits.NONE,
                Duration.ofDays(1),
                Networks.NONE);
    }
}

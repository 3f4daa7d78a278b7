package dev.skerry.bench.serving;

import dev.skerry.host.agent.LocalAgent;
import dev.skerry.host.engine.EngineSettings;
import dev.skerry.server.Server;
import dev.skerry.server.database.Password;
import dev.skerry.server.database.PostgresAddress;
import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.logging.LogLines;
import dev.skerry.server.settings.DatabaseSettings;
import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.settings.Networks;
import dev.skerry.server.settings.PistonSettings;
import dev.skerry.server.settings.SandboxSettings;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.Traffic;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostId;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.InMemoryHost;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A server in a process of its own, until its standard input ends: then it ends its sandboxes too, unlike {@code skerry
 * serve}. Arguments: the data folder, and those of a {@link ServerVariant}.
 */
public final class ServerProgram {
    /** Out of reach. */
    private static final long HIGH = 1L << 60;

    private static final Duration READY_BOUND = Duration.ofMinutes(1);
    private static final int SANDBOXES_MAX = 1_000_000;

    private ServerProgram() {}

    /** Prints the origin of the API and a key once it serves. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        LogLines.install(System.err);
        Path data = Path.of(arguments[0]);
        List<String> words = List.of(arguments).subList(1, arguments.length);
        boolean simulated = words.contains(ServerVariant.SIMULATED);
        try (HostAgent host = simulated
                ? simulated(data, Integer.parseInt(words.get(words.indexOf(ServerVariant.SIMULATED) + 1)))
                : LocalAgent.open(EngineSettings.installed(data), new HostId("local"))) {
            try (Server server = Server.open(settings(data, words), host, InstantSource.system())) {
                host.templates();
                awaitReady(server.api());
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
        InMemoryHost host = new InMemoryHost(new HostId("simulated"), new SimulatedJobs());
        Seed.plant(data, host, count, InstantSource.system().instant());
        return host;
    }

    /** Of several servers of a database one has the host, which that one has to find out. */
    private static void awaitReady(URI api) throws IOException, InterruptedException {
        long end = System.nanoTime() + READY_BOUND.toNanos();
        try (Connection connection = new Connection(api)) {
            while (true) {
                Connection.Answer answer = connection.send("GET", "/health/ready", Map.of(), new byte[0]);
                byte[] said = answer.body().readAllBytes();
                if (answer.status() == 200) {
                    return;
                }
                if (System.nanoTime() > end) {
                    throw new IllegalStateException("not ready: " + new String(said, StandardCharsets.UTF_8));
                }
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
    }

    private static DatabaseSettings database(List<String> words) {
        return words.stream()
                .filter(word -> word.startsWith("postgresql:"))
                .findFirst()
                .map(address -> new DatabaseSettings(
                        Optional.of(PostgresAddress.parse(address)),
                        Optional.of(new Password(System.getenv(ServerVariant.PASSWORD))),
                        Optional.empty()))
                .orElse(DatabaseSettings.SQLITE);
    }

    private static PoolsKept pools(List<String> words) {
        return words.stream()
                .filter(word -> word.startsWith(ServerVariant.POOLS))
                .findFirst()
                .map(word -> PoolsKept.valueOf(word.substring(ServerVariant.POOLS.length())))
                .orElse(PoolsKept.NONE);
    }

    private static <K extends Enum<K>> Map<K, Long> high(K[] keys) {
        return Stream.of(keys).collect(Collectors.toMap(key -> key, _ -> HIGH));
    }

    private static ServerSettings settings(Path data, List<String> words) {
        boolean limited = words.contains(ServerVariant.LIMITED);
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
                database(words),
                anyPort,
                anyPort,
                "sbx.localhost",
                Duration.ofSeconds(5),
                many,
                pools(words).settings(),
                limited ? new Quota(high(Resource.values())) : Quota.UNSAID,
                limited ? high(Traffic.values()) : RateLimits.NONE,
                Duration.ofDays(1),
                Networks.NONE,
                PistonSettings.DEFAULT,
                JobSettings.DEFAULT);
    }
}

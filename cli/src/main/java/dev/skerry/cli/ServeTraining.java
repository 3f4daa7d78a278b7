package dev.skerry.cli;

import dev.skerry.server.Server;
import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostId;
import dev.skerry.wire.hosts.InMemoryHost;
import dev.skerry.wire.jobs.JobHost;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * As {@link Training}, for {@code skerry serve}, which has a cache of its own: the server's JVM has other options, and
 * a cache belongs to its options. Starts a server whose host is in memory, since building needs neither root nor a
 * sandbox, and asks it what a client asks first.
 */
final class ServeTraining {
    private ServeTraining() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        check();
        Path data = Files.createTempDirectory("skerry-training");
        try {
            serve(data);
        } finally {
            try (Stream<Path> all = Files.walk(data)) {
                for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
    }

    private static void check() {
        try (var out = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
            var context = new Context(
                    EngineHost::open,
                    _ -> {
                        throw new IllegalStateException("--check starts no server");
                    },
                    _ -> {},
                    true,
                    InputStream.nullInputStream(),
                    out,
                    new PrintStream(System.out, true, StandardCharsets.UTF_8),
                    Map.of());
            Main.execute(context, "serve", "--check");
        }
    }

    private static void serve(Path data) throws IOException, InterruptedException {
        Address anyPort = new Address("127.0.0.1", 0);
        ServerSettings settings = ServerSettings.DEFAULT.with(new ServerSettings.Overrides(
                Optional.of(data), Optional.of(anyPort), Optional.of(anyPort), Optional.empty()));
        try (HostAgent host = new InMemoryHost(new HostId("training"), JobHost.NONE);
                Server server = Server.open(settings, host, InstantSource.system());
                HttpClient client = HttpClient.newHttpClient()) {
            String key = server.mintKey("training");
            server.accepts(key);
            for (String path : List.of("/health", "/health/ready", "/health/deep", "/v2/sandboxes", "/templates")) {
                ask(client, HttpRequest.newBuilder(server.api().resolve(path)).header("X-API-Key", key));
            }
            URI create = server.api().resolve("/v2/sandboxes");
            ask(
                    client,
                    HttpRequest.newBuilder(create)
                            .header("X-API-Key", key)
                            .POST(HttpRequest.BodyPublishers.ofString("{\"templateID\":\"base\",\"timeout\":60}")));
        }
    }

    private static void ask(HttpClient client, HttpRequest.Builder request) throws IOException, InterruptedException {
        client.send(request.timeout(Duration.ofSeconds(30)).build(), BodyHandlers.discarding());
    }
}

package dev.skerry.server.backup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.Server;
import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.sandboxes.SimulatedHost;
import dev.skerry.server.settings.DatabaseSettings;
import dev.skerry.server.settings.ServerSettings;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.JsonNode;

/** A data folder with a server on it, asked over HTTP. Whatever is asked of it answers as it should. */
final class ServedFolder implements AutoCloseable {
    static final InstantSource CLOCK = InstantSource.system();

    private final Server server;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String key;

    private ServedFolder(Server server, String key) {
        this.server = server;
        this.key = key;
    }

    static ServedFolder open(Path data, SimulatedHost host) throws InterruptedException {
        return open(data, host, DatabaseSettings.SQLITE, Optional.empty());
    }

    /** @param key that there is already */
    static ServedFolder open(Path data, SimulatedHost host, DatabaseSettings database, Optional<String> key)
            throws InterruptedException {
        Address anyPort = new Address("127.0.0.1", 0);
        ServerSettings settings = ServerSettings.DEFAULT
                .with(new ServerSettings.Overrides(
                        Optional.of(data), Optional.of(anyPort), Optional.of(anyPort), Optional.empty()))
                .with(database);
        Server server = Server.open(settings, host, CLOCK);
        return new ServedFolder(server, key.orElseGet(() -> server.mintKey("of the test")));
    }

    String key() {
        return key;
    }

    HttpResponse<String> ask(String method, String path, String body) throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(server.api().resolve(path))
                        .timeout(Duration.ofSeconds(60))
                        .header("X-API-Key", key)
                        .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    JsonNode json(String method, String path, String body) throws IOException, InterruptedException {
        HttpResponse<String> answer = ask(method, path, body);
        assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 299);
        return Exchange.JSON.readTree(answer.body().isEmpty() ? "{}" : answer.body());
    }

    String create() throws IOException, InterruptedException {
        return json("POST", "/v2/sandboxes", "{\"templateID\":\"base\",\"timeout\":600,\"envVars\":{\"A\":\"b\"}}")
                .get("sandboxID")
                .stringValue();
    }

    int status(String id) throws IOException, InterruptedException {
        return ask("GET", "/sandboxes/" + id, "").statusCode();
    }

    /** What happened to all, or to one. */
    JsonNode events(String of) throws IOException, InterruptedException {
        return json("GET", "/skerry/v1/" + of + "events?limit=1000", "");
    }

    static void await(Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!condition.call()) {
            assertThat(System.nanoTime()).isLessThan(end);
            LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
        }
    }

    @Override
    public void close() {
        client.close();
        server.close();
    }
}

package dev.skerry.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.database.FreshPostgres;
import dev.skerry.server.database.PostgresAddress;
import dev.skerry.server.database.PostgresServer;
import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.sandboxes.EpochHost;
import dev.skerry.server.sandboxes.SimulatedHost;
import dev.skerry.server.settings.DatabaseSettings;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostId;
import dev.skerry.wire.hosts.HostSource;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Two servers on one PostgreSQL, with one simulated host that both can reach. */
@Timeout(180)
class ServerPairTest {
    private static final String CREATE = "{\"templateID\":\"base\",\"timeout\":600}";

    @RegisterExtension
    private final FreshPostgres postgres = new FreshPostgres();

    @TempDir
    private Path data;

    private final SimulatedHost host = new SimulatedHost();
    private final List<Server> servers = new ArrayList<>();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private String key = "";

    private record SharedHost(HostId id, SimulatedHost host) implements HostSource {
        @Override
        public HostAgent open(long epoch) {
            return EpochHost.open(host, epoch, _ -> {});
        }
    }

    private Server open(PostgresAddress database, HostId id) throws InterruptedException {
        Address anyPort = new Address("127.0.0.1", 0);
        ServerSettings settings = ServerSettings.DEFAULT
                .with(new ServerSettings.Overrides(
                        Optional.of(data), Optional.of(anyPort), Optional.of(anyPort), Optional.empty()))
                .with(new DatabaseSettings(
                        Optional.of(database), Optional.of(PostgresServer.PASSWORD), Optional.empty()));
        Server server = Server.open(settings, new SharedHost(id, host), InstantSource.system());
        servers.add(server);
        if (key.isEmpty()) {
            key = server.mintKey("test");
        }
        return server;
    }

    private Server open() throws InterruptedException {
        return open(postgres.address(), SimulatedHost.ID);
    }

    @AfterEach
    void close() {
        client.close();
        servers.forEach(Server::close);
    }

    private HttpResponse<String> ask(Server server, String method, String path, String body)
            throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(server.api().resolve(path))
                        .timeout(Duration.ofSeconds(60))
                        .header("X-API-Key", key)
                        .header("X-Skerry-Relayed", "1 127.0.0.1 http " + "0".repeat(64))
                        .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private String create(Server server) throws IOException, InterruptedException {
        HttpResponse<String> answer = ask(server, "POST", "/v2/sandboxes", CREATE);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
        return Exchange.JSON.readTree(answer.body()).get("sandboxID").stringValue();
    }

    private int status(Server server, String path) throws IOException, InterruptedException {
        return ask(server, "GET", path, "").statusCode();
    }

    private static void await(Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!condition.call()) {
            assertThat(System.nanoTime()).isLessThan(end);
            LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
        }
    }

    @Test
    void whicheverIsAskedTheOneThatHasTheHostAnswers() throws Exception {
        Server first = open();
        Server second = open();
        assertThat(first.serves()).isTrue();
        assertThat(second.serves()).isFalse();
        String id = create(second);
        assertThat(host.boxes()).hasSize(1);
        for (Server server : servers) {
            assertThat(status(server, "/sandboxes/" + id)).isEqualTo(200);
            assertThat(ask(server, "GET", "/v2/sandboxes", "").body()).contains(id);
            assertThat(status(server, "/health/live")).isEqualTo(200);
            assertThat(status(server, "/health/ready")).isEqualTo(200);
            assertThat(status(server, "/sandboxes/" + id + "0")).isEqualTo(status(first, "/sandboxes/" + id + "0"));
        }
        assertThat(ask(second, "DELETE", "/sandboxes/" + id, "").statusCode()).isEqualTo(204);
        assertThat(host.boxes()).isEmpty();
    }

    @Test
    void theOtherTakesOverWithAllSandboxes() throws Exception {
        Server first = open();
        Server second = open();
        List<String> ids = List.of(create(first), create(second), create(first));
        first.close();
        await(second::serves);
        for (String id : ids) {
            assertThat(status(second, "/sandboxes/" + id)).isEqualTo(200);
        }
        assertThat(host.boxes()).hasSize(3);
        assertThat(host.starts()).isEqualTo(3);
        assertThat(create(second)).isNotEmpty();
        assertThat(host.violations()).isEmpty();
        // The history knows who took it over, and which server did what.
        ask(second, "DELETE", "/sandboxes/" + ids.getFirst(), "");
        JsonNode why = Exchange.JSON.readTree(ask(second, "GET", "/skerry/v1/sandboxes/" + ids.getFirst() + "/why", "")
                .body());
        List<String> what = new ArrayList<>();
        List<Long> terms = new ArrayList<>();
        why.get("history").forEach(line -> {
            what.add(line.get("what").stringValue());
            terms.add(line.get("term").longValue());
        });
        assertThat(what).containsExactly("created", "started", "server", "ended");
        assertThat(terms).containsExactly(1L, 1L, 2L, 2L);
        assertThat(why.get("history").get(2).get("text").stringValue())
                .startsWith("The server at " + second.api() + " took the host over from the one at http://");
    }

    @Test
    void anOutageOfTheDatabaseEndsNothing() throws Exception {
        try (PostgresServer own = PostgresServer.start()) {
            PostgresAddress address = own.address("postgres");
            Server first = open(address, SimulatedHost.ID);
            Server second = open(address, SimulatedHost.ID);
            String id = create(second);
            own.stop();
            await(() -> !first.serves());
            HttpResponse<String> meanwhile = ask(first, "GET", "/sandboxes/" + id, "");
            assertThat(meanwhile.statusCode()).isEqualTo(503);
            assertThat(meanwhile.headers().firstValue("Retry-After")).isPresent();
            assertThat(host.boxes()).hasSize(1);
            own.run();
            await(() -> first.serves() || second.serves());
            await(() -> status(first, "/sandboxes/" + id) == 200 && status(second, "/sandboxes/" + id) == 200);
            servers.forEach(Server::close);
            servers.clear();
        }
        assertThat(host.boxes()).hasSize(1);
        assertThat(host.violations()).isEmpty();
    }

    @Test
    void aServerOfAnotherHostIsRefused() throws Exception {
        open();
        assertThatThrownBy(() -> open(postgres.address(), new HostId("another")))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_REQUEST))
                .hasMessageContaining("another")
                .hasMessageContaining(SimulatedHost.ID.text());
    }

    @Test
    void aRequestToAPortOfASandboxIsPassedOnToo() throws Exception {
        open();
        Server second = open();
        String id = create(second);
        URI port = second.api().resolve("/health");
        HttpResponse<String> answer = client.send(
                HttpRequest.newBuilder(port)
                        .timeout(Duration.ofSeconds(60))
                        .header("E2b-Sandbox-Id", id)
                        .header("E2b-Sandbox-Port", "49983")
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(204);
    }
}

package dev.skerry.server.piston;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.database.Database;
import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.HttpServer;
import dev.skerry.server.http.Listener;
import dev.skerry.server.operations.RequestLog;
import dev.skerry.server.operations.ServerMetrics;
import dev.skerry.server.sandboxes.SimulatedHost;
import dev.skerry.server.settings.PistonSettings;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.tenants.ApiKeys;
import dev.skerry.server.tenants.AuditLog;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.tenants.Tenants;
import dev.skerry.server.tenants.Traffic;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Both of its addresses over HTTP. */
final class PistonServer implements AutoCloseable {
    static final String JSON = "application/json";
    static final Duration BEHIND = Duration.ofSeconds(1);

    final FakeJobs jobs = new FakeJobs();
    final SimulatedHost host = new SimulatedHost();
    final Database database;
    final Tenants tenants;
    final ApiKeys keys;
    final AuditLog audit;
    final ServerMetrics metrics = new ServerMetrics();
    final PistonApi api;
    final String key;
    private final HttpServer shared;
    private final HttpServer own;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** What came back; no content reads as an empty object. */
    record Answer(int status, JsonNode body, HttpResponse<String> response) {
        Answer is(int wanted) {
            assertThat(status).as(response.body()).isEqualTo(wanted);
            return this;
        }

        Answer says(int wanted, String message) {
            is(wanted);
            assertThat(body.path("message").asString()).isEqualTo(message);
            return this;
        }
    }

    PistonServer(Path folder) {
        this(folder, PistonSettings.DEFAULT, RateLimits.NONE);
    }

    PistonServer(Path folder, PistonSettings piston, Map<Traffic, Long> rates) {
        InstantSource clock = InstantSource.system();
        ServerSettings settings = ServerSettings.DEFAULT.with(piston);
        database = Database.open(folder.resolve("skerry.db"));
        tenants = new Tenants(database.writer(), Quota.UNSAID, clock);
        tenants.createAnonymous();
        keys = new ApiKeys(database.writer(), clock);
        audit = new AuditLog(database.writer(), database.reader(), Duration.ofDays(1), clock).start();
        key = key(KeyScope.SANDBOXES);
        // Time stands still for them: nobody gets another turn because this machine is slow.
        RateLimits limits = new RateLimits(rates, InstantSource.fixed(clock.instant()));
        api = new PistonApi(new PistonApi.Parts(jobs, host, tenants, keys, limits, audit, settings, clock), BEHIND);
        List<Listener> any = List.of(Listener.plain(Listener.Address.parse("127.0.0.1:0")));
        shared = HttpServer.open(
                any,
                new RequestLog(api.before(exchange -> exchange.json(404, Map.of("message", "not mine"))), metrics));
        own = HttpServer.open(any, new RequestLog(api.own(), metrics));
    }

    String key(KeyScope scope) {
        return keys.create(TenantId.DEFAULT, scope.label(), scope, Optional.empty())
                .text();
    }

    int port(boolean atOwnAddress) {
        return (atOwnAddress ? own : shared).ports().getFirst();
    }

    /** A program, with a key. */
    Answer execute(String body) throws IOException, InterruptedException {
        return send("POST", "/api/v2/execute", body, "Content-Type", JSON, "X-API-Key", key);
    }

    Answer get(String path) throws IOException, InterruptedException {
        return send("GET", path, "", "X-API-Key", key);
    }

    Answer send(String method, String path, String body, String... headers) throws IOException, InterruptedException {
        return send(false, method, path, body, headers);
    }

    Answer send(boolean atOwnAddress, String method, String path, String body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + port(atOwnAddress) + path))
                .timeout(Duration.ofSeconds(20))
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        boolean json = response.headers()
                .firstValue("Content-Type")
                .filter(type -> type.startsWith(JSON))
                .isPresent();
        JsonNode parsed = json && !response.body().isEmpty()
                ? Exchange.JSON.readTree(response.body())
                : Exchange.JSON.createObjectNode();
        return new Answer(response.statusCode(), parsed, response);
    }

    HttpClient client() {
        return client;
    }

    @Override
    public void close() {
        client.shutdownNow();
        shared.close();
        own.close();
        api.close();
        audit.close();
        database.close();
    }
}

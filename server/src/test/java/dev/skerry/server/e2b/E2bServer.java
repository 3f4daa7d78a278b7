package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.database.Database;
import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.HttpServer;
import dev.skerry.server.http.Listener;
import dev.skerry.server.jobs.FakeJobHost;
import dev.skerry.server.jobs.JobQueue;
import dev.skerry.server.jobs.JobStore;
import dev.skerry.server.jobs.Pools;
import dev.skerry.server.jobs.SqlJobStore;
import dev.skerry.server.jobs.Submissions;
import dev.skerry.server.jobs.WatchedJobStore;
import dev.skerry.server.leases.Fence;
import dev.skerry.server.leases.HostTerms.HostTerm;
import dev.skerry.server.operations.Health;
import dev.skerry.server.operations.HealthCheck;
import dev.skerry.server.operations.RequestLog;
import dev.skerry.server.operations.ServerMetrics;
import dev.skerry.server.operations.UsageHistory;
import dev.skerry.server.piston.PistonApi;
import dev.skerry.server.secrets.Resealer;
import dev.skerry.server.secrets.TestSecrets;
import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.settings.Networks;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.server.tenants.ApiKeys;
import dev.skerry.server.tenants.AuditLog;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.server.tenants.SandboxTokens;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.tenants.Tenants;
import dev.skerry.server.tenants.Traffic;
import dev.skerry.server.webhooks.WebhookStore;
import dev.skerry.server.webhooks.Webhooks;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Jdbi;
import tools.jackson.databind.JsonNode;

/** The whole door over HTTP, with sandboxes and a host that are made up. Every answer is held against the document. */
final class E2bServer implements AutoCloseable {
    static final TenantId OTHER = new TenantId("other");
    private static final JobSettings JOBS =
            new JobSettings(OptionalInt.of(2), 4, 3, Map.of(), Duration.ofDays(1), TrustPolicy.NONE);

    private static final String PRAGMAS =
            "?journal_mode=WAL&synchronous=OFF&busy_timeout=10000&transaction_mode=IMMEDIATE";
    private static final List<String> SCRIPTS = List.of(
            "V1__sandboxes.sql",
            "V2__api_keys.sql",
            "V3__tenants.sql",
            "V4__audit.sql",
            "V5__webhooks.sql",
            "V7__causes.sql",
            "V8__jobs.sql",
            "V9__jobs_at_hand.sql");

    final TestClock clock = new TestClock();
    final FakeSandboxes sandboxes = new FakeSandboxes(clock);
    final FakeHost host = new FakeHost();
    final List<HostTerm> terms = new ArrayList<>();
    final FakeJobHost jobHost = new FakeJobHost();
    final JobQueue queue;
    final Submissions submissions;

    /** How often one job was read from the database. */
    final AtomicInteger looks = new AtomicInteger();

    final Tenants tenants;
    final ApiKeys keys;
    final AuditLog audit;
    final SandboxTokens tokens = new SandboxTokens(TestSecrets.ONE);
    final ServerMetrics metrics = new ServerMetrics();
    final Health health;
    final E2bApi api;
    final String key;
    private final PistonApi piston;
    final String otherKey;
    private final Database database;
    private final HttpServer http;
    private final Conformance conformance;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** What came back; no content reads as an empty object. */
    record Answer(int status, JsonNode body, HttpResponse<String> response) {
        Optional<String> header(String name) {
            return response.headers().firstValue(name);
        }

        String text(String field) {
            return body.get(field).stringValue();
        }

        Answer is(int wanted) {
            assertThat(status).as(response.body()).isEqualTo(wanted);
            return this;
        }

        /** The shape of every error. */
        Answer fails(int wanted, String message) {
            is(wanted);
            assertThat(body.get("code").intValue()).isEqualTo(wanted);
            assertThat(text("message")).isEqualTo(message);
            return this;
        }
    }

    E2bServer(Path folder, HealthCheck... checks) throws IOException {
        this(folder, RateLimits.NONE, checks);
    }

    E2bServer(Path folder, Map<Traffic, Long> rates, HealthCheck... checks) throws IOException {
        Jdbi jdbi = Jdbi.create("jdbc:sqlite:" + folder.resolve("keys.db") + PRAGMAS);
        for (String name : SCRIPTS) {
            try (InputStream script = ApiKeys.class.getResourceAsStream("/db/migration/" + name)) {
                String text = new String(script.readAllBytes(), StandardCharsets.UTF_8);
                jdbi.useHandle(handle -> handle.createScript(text).execute());
            }
        }
        tenants = new Tenants(jdbi, Quota.UNSAID, clock);
        tenants.create(OTHER, "the other one", Quota.UNSAID);
        keys = new ApiKeys(jdbi, clock);
        key = keys.create(TenantId.DEFAULT, "first", KeyScope.ADMIN, Optional.empty())
                .text();
        otherKey =
                keys.create(OTHER, "other", KeyScope.TENANT, Optional.empty()).text();
        audit = new AuditLog(jdbi, jdbi, Duration.ofDays(90), clock).start();
        health = new Health(List.of(checks), Duration.ofMillis(500));
        RateLimits limits = new RateLimits(rates, clock);
        Webhooks webhooks = new Webhooks(
                new WebhookStore(jdbi, jdbi, TestSecrets.SEALING),
                Networks.parse("127.0.0.0/8"),
                TestSecrets.SEALING,
                clock);
        queue = new JobQueue(jobHost, JOBS, clock);
        piston = new PistonApi(
                new PistonApi.Parts(queue, host, tenants, keys, limits, audit, ServerSettings.DEFAULT, clock));
        NewJob form = new NewJob(queue, ServerSettings.DEFAULT.sandboxes());
        database = Database.open(folder.resolve("jobs.db"));
        submissions = new Submissions(new Submissions.Parts(
                        queue,
                        counting(new SqlJobStore(database, TestSecrets.SEALING, Fence.NONE)),
                        webhooks.callbacks(),
                        form,
                        JOBS,
                        clock))
                .start();
        api = new E2bApi(new E2bApi.Parts(
                sandboxes,
                host,
                tenants,
                keys,
                limits,
                audit,
                tokens,
                ServerSettings.DEFAULT,
                clock,
                new UsageHistory(host, clock),
                health,
                metrics,
                new Resealer(TestSecrets.ONE, List.of()),
                webhooks,
                new Pools(host.jobs(), metrics),
                submissions,
                form,
                () -> terms,
                piston.operations()));
        conformance = new Conformance(api.operations());
        http = HttpServer.open(
                List.of(Listener.plain(Listener.Address.parse("127.0.0.1:0"))), new RequestLog(api.handler(), metrics));
    }

    /** A key of the first tenant. */
    String key(KeyScope scope) {
        return keys.create(TenantId.DEFAULT, scope.label(), scope, Optional.empty())
                .text();
    }

    Answer get(String path) throws IOException, InterruptedException {
        return send("GET", path, "", "X-API-Key", key);
    }

    Answer send(String method, String path, String body) throws IOException, InterruptedException {
        return send(method, path, body, "X-API-Key", key);
    }

    /** A body goes out in chunks, as the official clients send it. */
    Answer send(String method, String path, String body, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
                .timeout(Duration.ofSeconds(20))
                .method(
                        method,
                        body.isEmpty()
                                ? BodyPublishers.noBody()
                                : BodyPublishers.ofInputStream(
                                        () -> new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8))));
        if (headers.length > 0) {
            request.headers(headers);
        }
        HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        boolean json = response.headers()
                .firstValue("Content-Type")
                .filter("application/json"::equals)
                .isPresent();
        JsonNode parsed = json ? Exchange.JSON.readTree(response.body()) : Exchange.JSON.createObjectNode();
        boolean found = response.statusCode() != 405
                && !parsed.path("message").asString().startsWith("there is nothing at");
        if (found) {
            conformance.check(method, path.replaceFirst("\\?.*", ""), response.statusCode(), parsed);
        }
        return new Answer(response.statusCode(), parsed, response);
    }

    private JobStore counting(JobStore inner) {
        return WatchedJobStore.of((method, arguments) -> {
            if (method.getName().equals("get")) {
                looks.incrementAndGet();
            }
            return WatchedJobStore.pass(inner, method, arguments);
        });
    }

    int port() {
        return http.ports().getFirst();
    }

    /** @return the id of a new one */
    String create(String body) throws IOException, InterruptedException {
        return send("POST", "/v2/sandboxes", body).is(201).text("sandboxID");
    }

    @Override
    public void close() {
        client.close();
        http.close();
        piston.close();
        submissions.close();
        database.close();
        audit.close();
    }
}

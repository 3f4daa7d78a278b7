package dev.skerry.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.logging.LogLines;
import dev.skerry.server.sandboxes.SimulatedHost;
import dev.skerry.server.settings.DatabaseSettings;
import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.settings.Networks;
import dev.skerry.server.settings.PistonSettings;
import dev.skerry.server.settings.PoolSettings;
import dev.skerry.server.settings.SandboxSettings;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.server.webhooks.Receiver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The whole server, a simulated host, and secrets that can be recognised, whichever database it has. They are used on
 * every route, rightly and wrongly, and when the database fails; then they are searched for wherever something is
 * written down.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
abstract class CanaryContract {
    private static final String ENVIRONMENT = "canary-of-the-environment";
    private static final String WEBHOOK = "canary-of-a-webhook-secret";
    private static final String SIGNATURE = "v1_canary-of-a-signed-url";
    private static final String WRONG_TOKEN = "canary-of-a-token";
    private static final String WRONG_KEY = "e2b_" + "c0ffee00".repeat(5);

    /** No secret: that it is found shows that what is searched is what was written. */
    static final String METADATA = "control-of-the-metadata";

    /** The level is lost with a logger that nobody holds. */
    private static final Logger OURS = Logger.getLogger("dev.skerry");

    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Map<String, String> canaries = new LinkedHashMap<>();
    Path data;
    private Receiver receiver;
    private Server server;
    private String key;

    abstract DatabaseSettings database();

    /** Of whatever the database has written down: its files, its log, and what it answers with. */
    abstract Map<String, String> written() throws IOException;

    /** With the records that wait for others. */
    private String logged() {
        List.of(Logger.getLogger("").getHandlers()).forEach(Handler::flush);
        return log.toString(StandardCharsets.UTF_8);
    }

    /** To the database, beside the server. */
    abstract Jdbi other();

    @BeforeEach
    void open(@TempDir Path folder) throws IOException, InterruptedException {
        data = folder.resolve("data");
        LogLines.install(new PrintStream(log, true, StandardCharsets.UTF_8));
        OURS.setLevel(Level.ALL);
        receiver = new Receiver();
        Address any = new Address("127.0.0.1", 0);
        server = Server.open(
                new ServerSettings(
                        data,
                        database(),
                        any,
                        any,
                        "sbx.localhost",
                        Duration.ofSeconds(5),
                        SandboxSettings.DEFAULT,
                        PoolSettings.DEFAULT,
                        Quota.UNSAID,
                        RateLimits.NONE,
                        Duration.ofDays(1),
                        Networks.parse("127.0.0.0/8"),
                        PistonSettings.DEFAULT,
                        JobSettings.DEFAULT),
                new SimulatedHost(),
                InstantSource.system());
        key = server.mintKey("canary");
        canaries.put("API key", key);
        canaries.put("key that is not valid", WRONG_KEY);
        canaries.put("environment", ENVIRONMENT);
        canaries.put("webhook", WEBHOOK);
        canaries.put("signature", SIGNATURE);
        canaries.put("token that is not valid", WRONG_TOKEN);
        database().password().ifPresent(password -> canaries.put("database", password.text()));
        canaries.put(
                "secret of the instance",
                Files.readString(data.resolve("secret")).strip());
    }

    @AfterEach
    void close() throws IOException {
        client.shutdownNow();
        server.close();
        receiver.close();
        OURS.setLevel(null);
        LogManager.getLogManager().readConfiguration();
    }

    private HttpResponse<String> send(String method, String path, String body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.api().resolve(path))
                .timeout(Duration.ofSeconds(5))
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 299);
        return JsonMapper.shared().readTree(answer.body());
    }

    private String sandbox() throws IOException, InterruptedException {
        JsonNode made = json(send("POST", "/v2/sandboxes", """
            {"templateID":"base","timeout":300,"envVars":{"PASSWORD":"%s"},"metadata":{"a":"%s"},
             "network":{"allowPublicTraffic":false}}\
            """.formatted(ENVIRONMENT, METADATA), "X-API-Key", key));
        String id = made.get("sandboxID").stringValue();
        canaries.put("token of " + id, made.get("envdAccessToken").stringValue());
        canaries.put("token of ports of " + id, made.get("trafficAccessToken").stringValue());
        return id;
    }

    private String webhook() throws IOException, InterruptedException {
        return json(send(
                        "POST",
                        "/events/webhooks",
                        "{\"name\":\"x\",\"url\":\"%s\",\"signatureSecret\":\"%s\"}"
                                .formatted(receiver.url("/"), WEBHOOK),
                        "X-API-Key",
                        key))
                .get("id")
                .stringValue();
    }

    /** Every route of the document, with bodies that are right nowhere. */
    private int walk(String sandbox, String webhook) throws IOException, InterruptedException {
        JsonNode paths = json(send("GET", "/openapi.json", "")).get("paths");
        String body = """
            {"templateID":"no-such","timeout":"x","envVars":{"A B":"%1$s"},"signatureSecret":"%2$s","url":"%1$s",
             "name":7,"events":["%2$s"]}\
            """.formatted(ENVIRONMENT, WEBHOOK);
        int walked = 0;
        for (Map.Entry<String, JsonNode> path : paths.properties()) {
            String where = path.getKey()
                    .replace("{sandboxID}", sandbox)
                    .replace("{webhookID}", webhook)
                    .replaceAll("\\{[^}]*}", "base");
            for (String name : path.getValue().propertyNames()) {
                String method = name.toUpperCase(Locale.ROOT);
                String content = method.equals("GET") ? "" : body;
                for (String shown : List.of(key, WRONG_KEY)) {
                    ask(method, where + "?signature=" + SIGNATURE, content, "X-API-Key", shown);
                    ask(method, where, content, "Authorization", "Bearer " + shown, "X-Access-Token", WRONG_TOKEN);
                }
                for (String shown : List.of(key, WRONG_KEY)) {
                    ask(method, "/k/" + shown + where, content, "Content-Type", "application/json");
                }
                // As somebody may paste it by mistake.
                ask(method, where + "/" + key, content, "X-API-Key", key);
                walked++;
            }
        }
        return walked;
    }

    /** Whatever comes of it; a stream of events has no end. */
    private void ask(String method, String path, String body, String... headers)
            throws IOException, InterruptedException {
        if (path.contains("/events/stream")) {
            headers = new String[] {"X-API-Key", WRONG_KEY};
        }
        try {
            HttpResponse<String> _ = send(method, path, body, headers);
        } catch (HttpTimeoutException e) {
            throw new AssertionError(method + " " + path + " is not answered", e);
        }
    }

    /** What clients ask of a sandbox: nothing is there to answer, and that is said. */
    private void reach(String sandbox) throws IOException, InterruptedException {
        String token = canaries.get("token of " + sandbox);
        String traffic = canaries.get("token of ports of " + sandbox);
        for (String port : List.of("49983", "49999", "8000")) {
            for (String path : List.of("/files?path=/x&username=user&signature=" + SIGNATURE, "/execute", "/x")) {
                for (String shown : List.of(token, WRONG_TOKEN)) {
                    ask(
                            "GET",
                            path,
                            "",
                            "E2b-Sandbox-Id",
                            sandbox,
                            "E2b-Sandbox-Port",
                            port,
                            "X-Access-Token",
                            shown,
                            "e2b-traffic-access-token",
                            traffic);
                }
            }
        }
    }

    @Test
    void noSecretIsFoundWhereSomethingIsWrittenDown() throws Exception {
        String sandbox = sandbox();
        String webhook = webhook();
        reach(sandbox);
        assertThat(json(send("POST", "/skerry/v1/webhooks/" + webhook + "/test", "{}", "X-API-Key", key))
                        .get("delivered")
                        .booleanValue())
                .isTrue();
        assertThat(walk(sandbox, webhook)).isGreaterThan(60);
        sandbox();
        assertThat(webhook()).isNotEmpty();
        search();
        // What is logged of a statement that fails has its arguments in it.
        other().useHandle(handle -> {
            handle.execute("ALTER TABLE webhook_deliveries RENAME TO gone1");
            handle.execute("ALTER TABLE webhooks RENAME TO gone2");
            handle.execute("ALTER TABLE sandbox_labels RENAME TO gone3");
        });
        assertThat(send(
                                "POST",
                                "/events/webhooks",
                                "{\"name\":\"x\",\"url\":\"%s\",\"signatureSecret\":\"%s\"}"
                                        .formatted(receiver.url("/"), WEBHOOK),
                                "X-API-Key",
                                key)
                        .statusCode())
                .isEqualTo(500);
        assertThat(send(
                                "POST",
                                "/v2/sandboxes",
                                "{\"envVars\":{\"A\":\"%s\"},\"metadata\":{\"a\":\"b\"}}".formatted(ENVIRONMENT),
                                "X-API-Key",
                                key)
                        .statusCode())
                .isEqualTo(500);
        assertThat(logged()).contains("a request failed");
        search();
    }

    private void search() throws Exception {
        Map<String, String> places = new LinkedHashMap<>();
        places.put("the log", logged());
        places.put("metrics", send("GET", "/metrics", "", "X-API-Key", key).body());
        try (Stream<Path> files = Files.walk(data)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                // Of the secret of the instance this is the place.
                if (!file.getFileName().toString().equals("secret")) {
                    places.put(file.toString(), Files.readString(file, StandardCharsets.ISO_8859_1));
                }
            }
        }
        places.putAll(written());
        List<ProcessHandle> ours =
                new ArrayList<>(ProcessHandle.current().descendants().toList());
        ours.add(ProcessHandle.current());
        for (ProcessHandle process : ours) {
            for (String what : List.of("cmdline", "environ")) {
                Path file = Path.of("/proc", String.valueOf(process.pid()), what);
                try {
                    places.put(file.toString(), Files.readString(file, StandardCharsets.ISO_8859_1));
                } catch (FileSystemException e) {
                    // It has ended since, and tells nobody any more.
                }
            }
        }
        assertThat(places.get("the log")).contains("msg=answered");
        assertThat(places.get("metrics")).contains("skerry_http_requests_seconds_count");
        assertThat(places.entrySet())
                .as("the database is searched as it is written")
                .anyMatch(place -> place.getKey().startsWith("database ")
                        && place.getValue().contains(METADATA));
        canaries.forEach((what, canary) -> places.forEach((where, text) -> assertThat(text.contains(canary))
                .as("%s (%s…) in %s", what, canary.substring(0, 8), where)
                .isFalse()));
    }
}

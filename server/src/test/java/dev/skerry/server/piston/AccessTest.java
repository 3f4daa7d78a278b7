package dev.skerry.server.piston;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.logging.LogLines;
import dev.skerry.server.piston.PistonServer.Answer;
import dev.skerry.server.settings.PistonSettings;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.tenants.Tenants;
import dev.skerry.server.tenants.Traffic;
import dev.skerry.wire.Isolation;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.LogManager;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is let in, where, as whom, and that nobody's key is written down. */
class AccessTest {
    private static final String HELLO = "{\"language\":\"python\",\"version\":\"*\",\"files\":[{\"content\":\"x\"}]}";
    private static final String EXECUTE = "/api/v2/execute";
    private static final String WRONG = "e2b_" + "0".repeat(40);

    @TempDir
    private Path folder;

    private static PistonSettings anonymous(Isolation floor) {
        return PistonSettings.DEFAULT.with(new PistonSettings.Overrides(
                Optional.of(Address.parse("127.0.0.1:0")), true, Optional.of(floor), Optional.empty()));
    }

    private PistonServer anonymousServer() {
        return new PistonServer(folder, anonymous(Isolation.GVISOR), RateLimits.NONE);
    }

    private static Answer post(PistonServer server, boolean own, String path, String... headers) throws Exception {
        List<String> all = Stream.concat(Stream.of("Content-Type", PistonServer.JSON), Stream.of(headers))
                .toList();
        return server.send(own, "POST", path, HELLO, all.toArray(String[]::new));
    }

    @Test
    void aKeyMayComeInFourWays() throws Exception {
        try (PistonServer server = new PistonServer(folder)) {
            String key = server.key;
            for (boolean own : List.of(true, false)) {
                post(server, own, EXECUTE, "X-API-Key", key).is(200);
                post(server, own, EXECUTE, "Authorization", "Bearer " + key).is(200);
                post(server, own, EXECUTE, "Authorization", key).is(200);
                post(server, own, "/k/" + key + EXECUTE).is(200);
                server.send(own, "GET", "/k/" + key + "/api/v2/runtimes", "").is(200);
                server.send(own, "GET", "/k/" + key + "/", "").is(200);
                for (String wrong : List.of(WRONG, "x", "", key + "0", "..", "%2e%2e")) {
                    post(server, own, "/k/" + wrong + EXECUTE).is(401);
                }
                post(server, own, EXECUTE, "X-API-Key", WRONG).is(401);
                post(server, own, EXECUTE, "Authorization", "Basic " + key).is(401);
                Answer none = post(server, own, EXECUTE).says(401, "the request has no API key");
                assertThat(none.body().get("hint").stringValue()).contains("/k/KEY");
            }
            assertThat(server.jobs.last().tenant()).isEqualTo(TenantId.DEFAULT);
        }
    }

    @Test
    void aKeyOpensWhatItsScopeCovers() throws Exception {
        try (PistonServer server = new PistonServer(folder)) {
            String reader = server.key(KeyScope.READ);
            server.send("GET", "/api/v2/runtimes", "", "X-API-Key", reader).is(200);
            server.send("GET", "/api/v2/packages", "", "X-API-Key", reader).is(200);
            post(server, false, EXECUTE, "X-API-Key", reader)
                    .says(403, "this needs an API key of scope 'sandboxes'; that of the request has the scope 'read'");
            post(server, false, EXECUTE, "X-API-Key", server.key(KeyScope.TENANT))
                    .is(200);
        }
    }

    @Test
    void anyEntryNeedsAKeyWhereNothingElseIsSaid() throws Exception {
        try (PistonServer server = new PistonServer(folder)) {
            assertThat(server.api.operations()).hasSizeGreaterThan(5);
            for (var operation : server.api.operations()) {
                for (boolean own : List.of(true, false)) {
                    server.send(
                                    own,
                                    operation.route().method(),
                                    operation.route().template(),
                                    operation.route().method().equals("GET") ? "" : HELLO,
                                    "Content-Type",
                                    PistonServer.JSON)
                            .is(401);
                }
            }
            assertThat(server.jobs.submitted).isEmpty();
        }
    }

    @Test
    void withoutAKeyThereIsOnlyTheAddressThatAllowsIt() throws Exception {
        try (PistonServer server = anonymousServer()) {
            post(server, false, EXECUTE).is(401);
            post(server, true, EXECUTE).is(200);
            var submission = server.jobs.last();
            assertThat(submission.tenant()).isEqualTo(TenantId.ANONYMOUS);
            assertThat(submission.user()).contains("127.0.0.1");
            assertThat(submission.order().floor()).isEqualTo(Isolation.GVISOR);
            assertThat(submission.labels()).containsEntry("access", "anonymous");
            server.send(true, "GET", "/api/v2/runtimes", "").is(200);
            post(server, true, EXECUTE, "X-API-Key", WRONG).is(401);
            post(server, true, EXECUTE, "X-API-Key", server.key).is(200);
            assertThat(server.jobs.last().tenant()).isEqualTo(TenantId.DEFAULT);
            assertThat(server.jobs.last().order().floor()).isEqualTo(Isolation.CONTAINER);
            server.send(true, "POST", "/api/v2/packages", "{}", "Content-Type", PistonServer.JSON)
                    .says(403, "this needs an API key of scope 'admin'");
        }
    }

    @Test
    void aRequestMayRaiseItsIsolationAndNeverLowerIt() throws Exception {
        try (PistonServer server = anonymousServer()) {
            for (String level : List.of("container", "gvisor", "microvm")) {
                String body = HELLO.replaceFirst("}$", ",\"skerry\":{\"isolation\":\"" + level + "\"}}");
                server.send(true, "POST", EXECUTE, body, "Content-Type", PistonServer.JSON)
                        .is(200);
                assertThat(server.jobs.last().order().floor().satisfies(Isolation.GVISOR))
                        .isTrue();
            }
            assertThat(server.jobs.last().order().floor()).isEqualTo(Isolation.MICROVM);
        }
    }

    @Test
    void theOperatorMayLowerTheFloorOfTheAnonymous() throws Exception {
        try (PistonServer server = new PistonServer(folder, anonymous(Isolation.CONTAINER), RateLimits.NONE)) {
            post(server, true, EXECUTE).is(200);
            assertThat(server.jobs.last().order().floor()).isEqualTo(Isolation.CONTAINER);
        }
    }

    @Test
    void aTenantsQuotaBoundsItsMemory() throws Exception {
        try (PistonServer server = anonymousServer()) {
            server.tenants.change(
                    TenantId.ANONYMOUS,
                    new Tenants.Change(Optional.empty(), Map.of(Resource.MEMORY_BYTES, Optional.of(64L << 20))));
            post(server, true, EXECUTE).is(200);
            assertThat(server.jobs.last().order().limits().memoryBytes()).isEqualTo(64L << 20);
            assertThat(server.jobs.last().order().compile().memoryBytes()).hasValue(64L << 20);
        }
    }

    /** Browsers send what any page asks for. */
    @Test
    void aPageOfAnotherOriginNeedsAKey() throws Exception {
        try (PistonServer server = anonymousServer()) {
            for (String origin : List.of("http://evil.example", "null", "http://127.0.0.1:1", "https://localhost")) {
                post(server, true, EXECUTE, "Origin", origin)
                        .says(403, "a page of another origin asks without an API key");
            }
            post(server, true, EXECUTE, "Origin", "http://127.0.0.1:" + server.port(true))
                    .is(200);
            post(server, true, EXECUTE, "Origin", "http://evil.example", "X-API-Key", server.key)
                    .is(200);
            assertThat(raw(server, "evil.example")).startsWith("HTTP/1.1 403");
            assertThat(raw(server, "localhost")).startsWith("HTTP/1.1 200");
            assertThat(raw(server, "[::1]:2000")).startsWith("HTTP/1.1 200");
        }
    }

    private static String raw(PistonServer server, String host) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port(true))) {
            socket.getOutputStream()
                    .write(("GET /api/v2/runtimes HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void jobsHaveARateOfTheirOwn() throws Exception {
        Map<Traffic, Long> rates = Map.of(Traffic.JOB, 1L, Traffic.ANONYMOUS, 1L);
        try (PistonServer server = new PistonServer(folder, anonymous(Isolation.GVISOR), rates)) {
            for (int i = 0; i < 5; i++) {
                post(server, true, EXECUTE).is(200);
                post(server, true, EXECUTE, "X-API-Key", server.key).is(200);
            }
            Answer refused = post(server, true, EXECUTE).says(429, "more than 1 jobs without a key in a second");
            assertThat(refused.response().headers().firstValue("Retry-After")).contains("1");
            post(server, true, EXECUTE, "X-API-Key", server.key).says(429, "more than 1 jobs in a second");
            server.send(true, "GET", "/api/v2/runtimes", "").is(200);
        }
    }

    @Test
    void whoGuessesKeysIsHeldBack() throws Exception {
        try (PistonServer server = new PistonServer(folder, PistonSettings.DEFAULT, Map.of(Traffic.UNKNOWN, 1L))) {
            post(server, false, EXECUTE, "X-API-Key", server.key).is(200);
            for (int i = 0; i < 5; i++) {
                post(server, false, "/k/" + WRONG + EXECUTE).is(401);
            }
            post(server, false, "/k/" + WRONG + EXECUTE).is(429);
            post(server, false, "/k/" + server.key + EXECUTE).is(200);
        }
    }

    @Test
    void noKeyOfAPathIsWrittenDown() throws Exception {
        var log = new ByteArrayOutputStream();
        LogLines.install(new PrintStream(log, true, StandardCharsets.UTF_8));
        String odd = "no-key-but-still-secret";
        try (PistonServer server = new PistonServer(folder)) {
            String admin = server.key(KeyScope.ADMIN);
            for (String key : List.of(server.key, admin, WRONG, odd)) {
                for (String path : List.of("", "/", EXECUTE, "/api/v2/packages", "/nothing", "/api/v2/connect")) {
                    post(server, true, "/k/" + key + path);
                    post(server, false, "/k/" + key + path);
                    server.send(true, "GET", "/k/" + key + path, "");
                    server.send("GET", "//k//" + key + path, "");
                    server.send("GET", "/K/" + key + path, "");
                }
            }
            server.jobs.play(_ -> {
                throw new IllegalStateException("planted");
            });
            Answer failed = post(server, true, "/k/" + server.key + EXECUTE).is(500);
            assertThat(failed.response().body()).isEmpty();
            server.audit.close();
            String places = log.toString(StandardCharsets.UTF_8) + server.metrics.text() + stored();
            assertThat(places)
                    .contains("planted", "path=\"/k/…/api", "route=\"/api/v2/execute\"", "POST /api/v2/packages");
            assertThat(places).doesNotContain(server.key, admin, WRONG, odd);
        } finally {
            LogManager.getLogManager().readConfiguration();
        }
    }

    private String stored() throws Exception {
        StringBuilder all = new StringBuilder();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.append(Files.readString(file, StandardCharsets.ISO_8859_1));
            }
        }
        return all.toString();
    }

    @Test
    void aTenantWithAQuotaOfItsOwnStaysAsItIs() {
        try (PistonServer server = new PistonServer(folder)) {
            Quota own = new Quota(Map.of(Resource.SANDBOXES, 3L));
            server.tenants.change(
                    TenantId.ANONYMOUS,
                    new Tenants.Change(Optional.empty(), Map.of(Resource.SANDBOXES, Optional.of(3L))));
            server.tenants.createAnonymous();
            assertThat(server.tenants.quota(TenantId.ANONYMOUS)).isEqualTo(own);
        }
    }
}

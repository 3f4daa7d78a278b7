package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each is refused, and the message names what was wrong. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadRequestsTest {
    private E2bServer server;
    private String id = "";

    /** {@code {id}} in the path is a sandbox that runs. */
    record Bad(String method, String path, String body, String message) {}

    @BeforeAll
    void open(@TempDir Path folder) throws Exception {
        server = new E2bServer(folder);
        id = server.create("{}");
    }

    @AfterAll
    void close() {
        server.close();
    }

    static Stream<Bad> creates() {
        String none = "' is not supported by this server";
        String loopback = none + ": sandboxes have loopback only";
        return Stream.of(
                create("[]", "the request's content is not a JSON object"),
                create("\"base\"", "the request's content is not a JSON object"),
                create("{\"templateID\":7}", "'templateID' must be a string"),
                create("{\"templateID\":\"nope\"}", "template 'nope' not found"),
                create("{\"timeout\":0}", "Timeout must be greater than 0"),
                create("{\"timeout\":-5}", "Timeout must be greater than 0"),
                create("{\"timeout\":86401}", "Timeout cannot be greater than 24 hours"),
                create("{\"timeout\":99999999999}", "'timeout' is out of range: 99999999999"),
                create("{\"timeout\":-9223372036854775808}", "'timeout' is out of range: -9223372036854775808"),
                create("{\"timeout\":1.5}", "'timeout' must be a whole number"),
                create("{\"timeout\":\"60\"}", "'timeout' must be a whole number"),
                create("{\"autoPause\":\"yes\"}", "'autoPause' must be true or false"),
                create("{\"autoResume\":true}", "'autoResume' must be an object"),
                create("{\"autoResume\":{\"enabled\":1}}", "'autoResume.enabled' must be true or false"),
                create("{\"autoPauseMemory\":false}", "'autoPauseMemory' needs 'autoPause'"),
                create(
                        "{\"autoPause\":true,\"autoPauseMemory\":false,\"autoResume\":{\"enabled\":true}}",
                        "'autoResume' cannot be enabled when 'autoPauseMemory' is false"),
                create("{\"metadata\":[]}", "'metadata' must be an object"),
                create("{\"metadata\":{\"a\":1}}", "'metadata.a' must be a string"),
                create("{\"metadata\":{\"a\":\"\\u0000\"}}", "'metadata' has a NUL in the entry 'a'"),
                create(
                        "{\"metadata\":{\"a\":\"\\ud800\"}}",
                        "'metadata.a' must be Unicode text without half characters"),
                create(
                        "{\"metadata\":{\"a\":\"" + "x".repeat(33 << 10) + "\"}}",
                        "an entry of 'metadata' has more than 32768 characters"),
                create(
                        "{\"metadata\":{\"a\":\"X\",\"b\":\"X\",\"c\":\"X\"}}".replace("X", "x".repeat(30 << 10)),
                        "'metadata' has more than 65536 characters in all"),
                create("{\"envVars\":{\"A=B\":\"x\"}}", "'envVars.A=B' is not an environment variable"),
                create("{\"envVars\":{\"A\":\"\\u0000\"}}", "'envVars.A' is not an environment variable"),
                create("{\"allow_internet_access\":\"no\"}", "'allow_internet_access' must be true or false"),
                create("{\"volumeMounts\":[{\"name\":\"v\",\"path\":\"/v\"}]}", "'volumeMounts" + none),
                create("{\"mcp\":{\"x\":{}}}", "'mcp" + none),
                create("{\"network\":{\"allowOut\":[\"1.1.1.1\"]}}", "'network.allowOut" + loopback),
                create("{\"network\":{\"httpsPorts\":[443]}}", "'network.httpsPorts" + loopback),
                create("{\"skerry\":{\"isolation\":\"steel\"}}", "'steel' is not an isolation level"));
    }

    private static Bad create(String body, String message) {
        return new Bad("POST", "/v2/sandboxes", body, message);
    }

    static Stream<Bad> others() {
        String limit = "'limit' must be a whole number from 1 to 100, not '";
        return Stream.of(
                new Bad("POST", "/sandboxes", "{}", "'templateID' is missing"),
                new Bad("POST", "/sandboxes/{id}/connect", "{}", "'timeout' is missing"),
                new Bad("POST", "/sandboxes/{id}/connect", "{\"timeout\":0}", "Timeout must be greater than 0"),
                new Bad("POST", "/v2/sandboxes/{id}/connect", "{\"memory\":1}", "'memory' must be true or false"),
                new Bad("POST", "/sandboxes/{id}/timeout", "", "'timeout' is missing"),
                new Bad(
                        "POST",
                        "/sandboxes/{id}/timeout",
                        "{\"timeout\":90000}",
                        "Timeout cannot be greater than 24 hours"),
                new Bad(
                        "POST",
                        "/sandboxes/{id}/refreshes",
                        "{\"duration\":3601}",
                        "'duration' must be a number of seconds from 0 to 3600, not 3601"),
                new Bad("POST", "/sandboxes/{id}/pause", "{\"memory\":\"x\"}", "'memory' must be true or false"),
                new Bad("GET", "/v2/sandboxes?limit=0", "", limit + "0'"),
                new Bad("GET", "/v2/sandboxes?limit=101", "", limit + "101'"),
                new Bad("GET", "/v2/sandboxes?limit=ten", "", limit + "ten'"),
                new Bad(
                        "GET",
                        "/v2/sandboxes?state=asleep",
                        "",
                        "'state' must be 'running', 'paused' or both with a comma between them, not 'asleep'"),
                new Bad("GET", "/v2/sandboxes?order=up", "", "'order' must be 'asc' or 'desc', not 'up'"),
                new Bad(
                        "GET",
                        "/v2/sandboxes?startedAfter=yesterday",
                        "",
                        "'startedAfter' must be a time since 1970 with its offset, as in 2026-01-31T12:00:00Z,"
                                + " not 'yesterday'"),
                new Bad(
                        "GET",
                        "/v2/sandboxes?startedAfter=%2B999999999-12-31T23:59:59Z",
                        "",
                        "'startedAfter' must be a time since 1970 with its offset, as in 2026-01-31T12:00:00Z,"
                                + " not '+999999999-12-31T23:59:59Z'"),
                new Bad("GET", "/v2/sandboxes?nextToken=%25", "", "'nextToken' is not of this list"),
                new Bad("GET", "/v2/sandboxes?nextToken=abcd", "", "'nextToken' is not of this list"),
                new Bad("GET", "/v2/sandboxes?metadata=%3Dx", "", "'metadata' is not a query string"),
                new Bad("GET", "/sandboxes/{id}/metrics?start=2&end=1", "", "'start' is after 'end'"),
                new Bad(
                        "GET",
                        "/sandboxes/{id}/metrics?start=x",
                        "",
                        "'start' must be a whole number from 0 to 253402300799, not 'x'"),
                new Bad(
                        "GET",
                        "/sandboxes/metrics",
                        "",
                        "'sandbox_ids' must have 1 to 100 ids with commas between them"),
                new Bad(
                        "GET",
                        "/sandboxes/{id}/logs?limit=1001",
                        "",
                        "'limit' must be a whole number from 0 to 1000, not '1001'"),
                new Bad(
                        "GET",
                        "/sandboxes/{id}/logs?direction=up",
                        "",
                        "'direction' must be 'forward' or 'backward', not 'up'"),
                new Bad(
                        "GET",
                        "/v2/sandboxes/{id}/logs?level=loud",
                        "",
                        "'level' must be one of debug, info, warn, error, not 'loud'"),
                new Bad(
                        "GET",
                        "/skerry/v1/events?after=-1",
                        "",
                        "'after' must be a whole number from 0 to 9223372036854775807, not '-1'"),
                new Bad("DELETE", "/templates/base", "", "template 'base' is built in and cannot be deleted"),
                new Bad("GET", "/templates/base:v2/tags", "", "tag 'v2' does not exist for template 'base'"),
                new Bad("PATCH", "/v2/templates/base", "{\"public\":1}", "'public' must be true or false"),
                new Bad("POST", "/api-keys", "{}", "'name' is missing"),
                new Bad("POST", "/api-keys", "{\"name\":\" \"}", "a key's name has 1 to 256 characters"),
                new Bad("PATCH", "/api-keys/x", "{\"name\":\"\"}", "a key's name has 1 to 256 characters"));
    }

    @ParameterizedTest
    @MethodSource({"creates", "others"})
    void isRefusedByName(Bad bad) throws IOException, InterruptedException {
        int status = bad.message().endsWith("not found") || bad.message().startsWith("tag ") ? 404 : 400;
        server.send(bad.method(), bad.path().replace("{id}", id), bad.body()).fails(status, bad.message());
    }

    @ParameterizedTest
    @MethodSource("noJson")
    void whatIsNotJsonIsRefused(String body) throws IOException, InterruptedException {
        E2bServer.Answer answer = server.send("POST", "/v2/sandboxes", body).is(400);
        assertThat(answer.text("message"))
                .startsWith("the request's content is not JSON")
                .containsPattern("in line 1, column \\d+$|nested too deeply")
                .doesNotContain("REDACTED", "Source", "Stream", "#");
    }

    static Stream<String> noJson() {
        return Stream.of(
                "{", "nonsense", "{\"a\":1}}", "{'a':1}", "[".repeat(5000), "{\"metadata\":{\"\\udc00\":\"a\"}}");
    }

    @Test
    void aLongNameIsCutBetweenCharacters() throws IOException, InterruptedException {
        server.send("POST", "/v2/sandboxes", "{\"templateID\":\"" + "x".repeat(99) + "😀\"}")
                .fails(404, "template '" + "x".repeat(99) + "…' not found");
        server.send("POST", "/v2/sandboxes", "{\"templateID\":\"" + "x".repeat(257) + "\"}")
                .fails(400, "a template's name has at most 256 characters");
        server.send("POST", "/v2/sandboxes", "{\"metadata\":{\"\\ud800\":1}}").is(400);
        server.get("/sandboxes/" + "x".repeat(500))
                .fails(404, "Sandbox \"" + "x".repeat(100) + "…\" doesn't exist or you don't have access to it");
    }

    @Test
    void aBodyOfMoreThanAMegabyteIsRefused() throws IOException, InterruptedException {
        server.send("POST", "/v2/sandboxes", "{\"metadata\":{\"a\":\"" + "x".repeat(1 << 20) + "\"}}")
                .fails(400, "the request's content has more than 1 MiB");
    }

    @Test
    void whatIsNotEvenHttpIsRefused() throws IOException {
        for (String query : List.of("limit=%zz", "limit=%", "metadata=%e", "order=%u0041")) {
            assertThat(raw("GET /v2/sandboxes?" + query + " HTTP/1.1"))
                    .as(query)
                    .startsWith("HTTP/1.1 400 ");
        }
        assertThat(raw("GET /sandboxes/%zz HTTP/1.1")).startsWith("HTTP/1.1 400 ");
        assertThat(raw("GET /sandboxes/../teams HTTP/1.1")).startsWith("HTTP/1.1 404 ");
        assertThat(raw("GET /sandboxes/%2e%2e HTTP/1.1")).startsWith("HTTP/1.1 404 ");
        assertThat(raw("GET /sandboxes/a%2fb HTTP/1.1")).startsWith("HTTP/1.1 404 ");
        assertThat(raw("GET /sandboxes/%00 HTTP/1.1")).startsWith("HTTP/1.1 400 ");
    }

    /** @return the first line of the answer */
    private String raw(String requestLine) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(20_000);
            String request = requestLine + "\r\nHost: x\r\nX-API-Key: " + server.key + "\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}

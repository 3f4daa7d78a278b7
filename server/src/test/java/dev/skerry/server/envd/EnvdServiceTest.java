package dev.skerry.server.envd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.envd.EnvdFixture.Streamed;
import dev.skerry.server.http.Exchange;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@Timeout(60)
class EnvdServiceTest {
    private EnvdFixture envd;

    @BeforeEach
    void start(@TempDir Path folder) throws IOException {
        envd = new EnvdFixture(folder);
    }

    @AfterEach
    void stop() {
        envd.close();
    }

    private HttpRequest.Builder stranger(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + envd.port() + path));
    }

    @Test
    void withoutTheTokenOnlyHealthIsTold() throws Exception {
        assertThat(envd.send(stranger("/health")).statusCode()).isEqualTo(204);
        for (String path : List.of(
                "/metrics", "/envs", "/files/compose", "/process.Process/List", "/filesystem.Filesystem/Stat")) {
            HttpResponse<String> response = envd.send(stranger(path)
                    .header("Content-Type", "application/json")
                    .header("X-Access-Token", envd.token() + "x")
                    .POST(BodyPublishers.ofString("{}")));
            assertThat(response.statusCode()).as(path).isEqualTo(401);
            assertThat(Exchange.JSON.readTree(response.body()).propertyNames()).containsExactly("code", "message");
        }
        envd.open();
        assertThat(envd.send(stranger("/envs")).body()).isEqualTo("{}");
    }

    @Test
    void whatTheControlPlaneOfE2bMayAskIsNotThere() throws Exception {
        for (String path : List.of(
                "/init",
                "/freeze",
                "/unfreeze",
                "/collapse",
                "/fsfreeze",
                "/fsthaw",
                "/upgrade",
                "/",
                "/x",
                "//files",
                "/files/",
                "/health/../init")) {
            assertThat(envd.get(path).statusCode()).as(path).isEqualTo(404);
            assertThat(envd.send(envd.request(path).POST(BodyPublishers.ofString("{}")))
                            .statusCode())
                    .isEqualTo(404);
        }
        assertThat(envd.send(envd.request("/health").DELETE()).statusCode()).isEqualTo(405);
    }

    @Test
    void useAndEnvironmentAreTold() throws Exception {
        JsonNode metrics = Exchange.JSON.readTree(envd.get("/metrics").body());
        assertThat(metrics.propertyNames())
                .containsExactly(
                        "ts",
                        "cpu_count",
                        "cpu_used_pct",
                        "mem_total",
                        "mem_used",
                        "mem_cache",
                        "mem_total_mib",
                        "mem_used_mib",
                        "disk_used",
                        "disk_total");
        assertThat(metrics.path("mem_used").asLong()).isEqualTo(512 << 10);
        assertThat(metrics.path("cpu_used_pct").asDouble()).isBetween(0.1, 100.0);
        assertThat(envd.get("/envs").body()).isEqualTo("{\"FROM_SANDBOX\":\"yes\"}");
    }

    @Test
    void pagesOfOtherOriginsMayCall() throws Exception {
        HttpResponse<String> response = envd.send(stranger("/process.Process/List")
                .header("Access-Control-Request-Headers", "x-access-token")
                .method("OPTIONS", BodyPublishers.noBody()));
        assertThat(response.statusCode()).isEqualTo(204);
        assertThat(response.headers().firstValue("access-control-allow-headers"))
                .contains("x-access-token");
        assertThat(response.headers().firstValue("access-control-allow-origin")).contains("*");
    }

    private HttpResponse<String> post(String path, String type, byte[] body, String... headers) throws Exception {
        HttpRequest.Builder request =
                envd.request(path).header("Content-Type", type).POST(BodyPublishers.ofByteArray(body));
        return envd.send(headers.length > 0 ? request.headers(headers) : request);
    }

    private String streamed(byte[] body, String... headers) throws Exception {
        HttpResponse<String> response = post("/process.Process/Connect", "application/connect+json", body, headers);
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body().charAt(0)).isEqualTo((char) 2);
        return response.body().substring(5);
    }

    @Test
    void brokenCallsAreRefusedInWords() throws Exception {
        byte[] empty = "{}".getBytes(StandardCharsets.UTF_8);
        assertThat(post("/process.Process/Nope", "application/json", empty).body())
                .isEqualTo("{\"code\":\"unimplemented\",\"message\":\"there is no method /process.Process/Nope\"}");
        assertThat(post("/process.Process/List", "text/plain", empty).statusCode())
                .isEqualTo(415);
        assertThat(post("/process.Process/List", "application/connect+json", empty)
                        .statusCode())
                .isEqualTo(415);
        assertThat(envd.get("/process.Process/List").statusCode()).isEqualTo(405);
        assertThat(envd.rpc("/process.Process/List", "{").body()).contains("invalid_argument");
        assertThat(envd.rpc("/process.Process/List", "[".repeat(100_000)).body())
                .contains("invalid_argument");
        assertThat(envd.rpc("/process.Process/List", "{\"a\":".repeat(100_000)).body())
                .contains("invalid_argument");
        assertThat(post("/process.Process/List", "application/json", empty, "Connect-Timeout-Ms", "soon")
                        .body())
                .contains("invalid_argument");
        assertThat(post("/process.Process/List", "application/json", empty, "Connect-Protocol-Version", "2")
                        .body())
                .contains("invalid_argument");
        assertThat(post("/process.Process/List", "application/json", empty, "Content-Encoding", "gzip")
                        .body())
                .contains("unimplemented");
        assertThat(post("/process.Process/List", "application/json", new byte[(8 << 20) + 1])
                        .body())
                .contains("resource_exhausted");
        assertThat(envd.call("/process.Process/List", "{\"unknown\":[1,{\"x\":null}]}")
                        .toString())
                .isEqualTo("{}");
    }

    @Test
    void brokenEnvelopesAreRefusedInWords() throws Exception {
        assertThat(streamed(new byte[0])).contains("invalid_argument", "no message");
        assertThat(streamed(new byte[] {0, 0})).contains("invalid_argument", "2 bytes of its head");
        assertThat(streamed(new byte[] {0, 0, 0, 0, 9, '{'})).contains("invalid_argument", "ends after 1");
        assertThat(streamed(new byte[] {0, -1, -1, -1, -1})).contains("resource_exhausted", "4294967295");
        assertThat(streamed(EnvdFixture.envelope(1, new byte[3]))).contains("unimplemented", "compressed");
        assertThat(streamed(EnvdFixture.envelope(64, new byte[3]))).contains("invalid_argument", "flags");
        assertThat(streamed(EnvdFixture.envelope(0, new byte[3]))).contains("invalid_argument");
        assertThat(streamed(EnvdFixture.envelope(0, new byte[0]), "Connect-Content-Encoding", "gzip"))
                .contains("unimplemented");
    }

    @Test
    void headersBeyondTheBoundAreRefused() throws Exception {
        assertThat(envd.send(envd.request("/envs").header("X-Long", "x".repeat(40_000)))
                        .statusCode())
                .isEqualTo(431);
    }

    @Test
    void binaryMessagesAreAnsweredInBinary() throws Exception {
        envd.upload("b", new byte[300]);
        byte[] request = {10, 1, 'b'};
        HttpRequest.Builder stat = envd.request("/filesystem.Filesystem/Stat")
                .header("Content-Type", "application/proto")
                .POST(BodyPublishers.ofByteArray(request));
        HttpResponse<byte[]> response = envd.client().send(stat.build(), BodyHandlers.ofByteArray());
        assertThat(response.headers().firstValue("content-type")).contains("application/proto");
        // Field 1 of the answer is the entry; its field 4 is the size as a varint.
        assertThat(new String(response.body(), StandardCharsets.ISO_8859_1))
                .contains("/home/user/b")
                .contains(new String(new byte[] {4 << 3, (byte) 0xac, 2}, StandardCharsets.ISO_8859_1));

        // process{cmd "/bin/echo" args "hi"}
        byte[] start = {10, 15, 10, 9, '/', 'b', 'i', 'n', '/', 'e', 'c', 'h', 'o', 18, 2, 'h', 'i'};
        HttpRequest.Builder echo = envd.request("/process.Process/Start")
                .header("Content-Type", "application/connect+proto")
                .POST(BodyPublishers.ofByteArray(EnvdFixture.envelope(0, start)));
        HttpResponse<byte[]> output = envd.client().send(echo.build(), BodyHandlers.ofByteArray());
        assertThat(output.headers().firstValue("content-type")).contains("application/connect+proto");
        // event{data{stdout "hi\n"}}
        byte[] data = {10, 7, 18, 5, 10, 3, 'h', 'i', '\n'};
        assertThat(new String(output.body(), StandardCharsets.ISO_8859_1))
                .contains(new String(EnvdFixture.envelope(0, data), StandardCharsets.ISO_8859_1))
                .endsWith(new String(
                        EnvdFixture.envelope(2, "{}".getBytes(StandardCharsets.UTF_8)), StandardCharsets.ISO_8859_1));
    }

    @Test
    void inputCanBeStreamed() throws Exception {
        try (Streamed stream = envd.stream("/process.Process/Start", EnvdFixture.start("cat", "true"))) {
            int pid = stream.pid();
            java.io.ByteArrayOutputStream body = new java.io.ByteArrayOutputStream();
            for (String message : List.of(
                    "{\"start\":{\"process\":{\"pid\":" + pid + "}}}",
                    "{\"data\":{\"input\":{\"stdin\":\"YQ==\"}}}",
                    "{\"keepalive\":{}}",
                    "{\"data\":{\"input\":{\"stdin\":\"Yg\"}}}")) {
                body.write(EnvdFixture.envelope(0, message.getBytes(StandardCharsets.UTF_8)));
            }
            HttpResponse<String> response =
                    post("/process.Process/StreamInput", "application/connect+json", body.toByteArray());
            assertThat(response.body()).endsWith("{}");
            envd.call("/process.Process/CloseStdin", "{\"process\":{\"pid\":" + pid + "}}");
            assertThat(stream.rest().out()).isEqualTo("ab");
        }
        byte[] headless =
                EnvdFixture.envelope(0, "{\"data\":{\"input\":{\"stdin\":\"YQ==\"}}}".getBytes(StandardCharsets.UTF_8));
        assertThat(post("/process.Process/StreamInput", "application/connect+json", headless)
                        .body())
                .contains("data before start");
    }

    /** What no client of ours would send; the answer, or nothing when the connection is just closed. */
    private String raw(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), envd.port())) {
            socket.setSoTimeout((int) EnvdFixture.SOON.toMillis());
            socket.getOutputStream().write(request.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void brokenRequestsAreTheClientsFault() throws Exception {
        String token = "Host: x\nX-Access-Token: " + envd.token() + "\nConnection: close\n";
        assertThat(raw("GET /files?path=%zz HTTP/1.1\n" + token + "\n")).startsWith("HTTP/1.1 404");
        assertThat(raw("GET /files?path=%ff%00 HTTP/1.1\n" + token + "\n")).startsWith("HTTP/1.1 400");
        String upload = "POST /files?path=x HTTP/1.1\n" + token + "Content-Type: application/octet-stream\n";
        assertThat(raw(upload + "Transfer-Encoding: chunked\n\nzz\n"))
                .doesNotStartWith("HTTP/1.1 200")
                .doesNotContain("HTTP/1.1 500");
        assertThat(raw(upload + "Content-Length: 100\n\ncut"))
                .doesNotStartWith("HTTP/1.1 200")
                .doesNotContain("HTTP/1.1 500");
        String call = "POST /process.Process/List HTTP/1.1\n" + token + "Content-Type: application/json\n";
        assertThat(raw(call + "Content-Length: 100\n\n{}"))
                .doesNotStartWith("HTTP/1.1 200")
                .doesNotContain("HTTP/1.1 500");
        assertThat(raw(call + "Authorization: Basic ???\nContent-Length: 2\n\n{}"))
                .startsWith("HTTP/1.1 200");
        String stat = "POST /filesystem.Filesystem/Stat HTTP/1.1\n" + token + "Content-Type: application/json\n";
        assertThat(raw(stat + "Authorization: Basic ???\nContent-Length: 2\n\n{}"))
                .contains("unauthenticated");
        assertThat(raw(stat + "Content-Length: 18\n\n{\"path\":\"a\\u0000\"}")).contains("invalid_argument");
    }
}

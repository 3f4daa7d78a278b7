package dev.skerry.server.envd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class FilesTest {
    private EnvdFixture envd;

    @BeforeEach
    void start(@TempDir Path folder) throws IOException {
        envd = new EnvdFixture(folder);
    }

    @AfterEach
    void stop() {
        envd.close();
    }

    private HttpResponse<String> form(String query, String body, String... headers) throws Exception {
        HttpRequest.Builder request = envd.request("/files" + query)
                .header("Content-Type", "multipart/form-data; boundary=xyz")
                .POST(BodyPublishers.ofString(body.replace("\n", "\r\n")));
        return envd.send(headers.length > 0 ? request.headers(headers) : request);
    }

    private static byte[] gzip(byte[] content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream packed = new GZIPOutputStream(out)) {
            packed.write(content);
        }
        return out.toByteArray();
    }

    @Test
    void severalFilesOfAFormGoWhereTheirNamesSay() throws Exception {
        HttpResponse<String> response = form("", """
            --xyz
            Content-Disposition: form-data; name="file"; filename="a/b/one.txt"
            Content-Type: text/plain

            1

            --xy
            --xyz
            Content-Disposition: form-data; name="other"

            ignored
            --xyz
            Content-Disposition: form-data; name="file"; filename="/home/user/two"


            --xyz--
            """);
        assertThat(response.body())
                .isEqualTo("[{\"path\":\"/home/user/a/b/one.txt\",\"name\":\"one.txt\",\"type\":\"file\"},"
                        + "{\"path\":\"/home/user/two\",\"name\":\"two\",\"type\":\"file\"}]");
        assertThat(Files.readString(envd.home().resolve("a/b/one.txt"))).isEqualTo("1\r\n\r\n--xy");
        assertThat(Files.readString(envd.home().resolve("two"))).isEmpty();
        assertThat(Files.getAttribute(envd.home().resolve("a/b"), "unix:uid")).isEqualTo(1000);
        assertThat(Files.getAttribute(envd.home().resolve("a/b"), "unix:mode")).isEqualTo(0040755);
    }

    @Test
    void aPartWithoutAFileNameGoesToThePathOfTheQuery() throws Exception {
        HttpResponse<String> response =
                form("?path=here.txt", "--xyz\nContent-Disposition: form-data; name=\"file\"\n\nplain text\n--xyz--\n");
        assertThat(response.body())
                .isEqualTo("[{\"path\":\"/home/user/here.txt\",\"name\":\"here.txt\",\"type\":\"file\"}]");
        assertThat(envd.get(EnvdFixture.files("here.txt")).body()).isEqualTo("plain text");
    }

    @Test
    void aFormThatIsNoneIsRefused() throws Exception {
        String head = "--xyz\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\n\n";
        assertThat(form("", head + "cut off").statusCode()).isEqualTo(400);
        assertThat(form("", "nothing at all").statusCode()).isEqualTo(400);
        assertThat(form("", "--xyz\nno colon here\n\nx\n--xyz--\n").statusCode())
                .isEqualTo(400);
        assertThat(form("", "--xyz\nA: " + "x".repeat(20_000) + "\n\nx\n--xyz--\n")
                        .statusCode())
                .isEqualTo(400);
        assertThat(form("", "--xyz\nContent-Disposition: form-data; name=\"file\"\n\nx\n--xyz--\n")
                        .body())
                .contains("a file without a path");
        assertThat(form("", head + "1\n" + head + "2\n--xyz--\n").body())
                .contains("\"code\":400", "multiple files to the same path '/home/user/x'");
        HttpResponse<String> other = envd.send(
                envd.request("/files").header("Content-Type", "text/plain").POST(BodyPublishers.ofString("x")));
        assertThat(other.statusCode()).isEqualTo(400);
        assertThat(other.body()).contains("unsupported content type: text/plain");
    }

    @Test
    void metadataIsKeptAndReplacedAsAWhole() throws Exception {
        assertThat(envd.send(envd.request(EnvdFixture.files("m"))
                                .header("Content-Type", "application/octet-stream")
                                .header("X-Metadata-Author", "Ann")
                                .header("X-Metadata-step", "1")
                                .POST(BodyPublishers.ofString("x")))
                        .body())
                .isEqualTo("[{\"path\":\"/home/user/m\",\"name\":\"m\",\"type\":\"file\","
                        + "\"metadata\":{\"author\":\"Ann\",\"step\":\"1\"}}]");
        assertThat(envd.call("/filesystem.Filesystem/Stat", "{\"path\":\"m\"}")
                        .path("entry")
                        .path("metadata")
                        .toString())
                .isEqualTo("{\"author\":\"Ann\",\"step\":\"1\"}");
        envd.upload("m", new byte[1]);
        assertThat(envd.call("/filesystem.Filesystem/Stat", "{\"path\":\"m\"}")
                        .path("entry")
                        .has("metadata"))
                .isFalse();
    }

    @Test
    void packedUploadsAreUnpacked() throws Exception {
        HttpResponse<String> response = envd.send(envd.request(EnvdFixture.files("packed"))
                .header("Content-Type", "application/octet-stream")
                .header("Content-Encoding", "gzip")
                .POST(BodyPublishers.ofByteArray(gzip("unpacked".getBytes(StandardCharsets.UTF_8)))));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(Files.readString(envd.home().resolve("packed"))).isEqualTo("unpacked");
        HttpResponse<String> broken = envd.send(envd.request(EnvdFixture.files("packed"))
                .header("Content-Type", "application/octet-stream")
                .header("Content-Encoding", "gzip")
                .POST(BodyPublishers.ofString("not packed")));
        assertThat(broken.statusCode()).isEqualTo(400);
        assertThat(broken.body()).contains("error decompressing request body");
    }

    @Test
    void downloadsComeWholeInPartsAndPacked() throws Exception {
        String text = "0123456789".repeat(1000);
        envd.upload("t.txt", text.getBytes(StandardCharsets.UTF_8));
        String url = EnvdFixture.files("t.txt");
        HttpResponse<String> whole = envd.get(url);
        assertThat(whole.body()).isEqualTo(text);
        assertThat(whole.headers().firstValue("content-length")).contains("10000");
        assertThat(whole.headers().firstValue("content-disposition")).contains("inline; filename=\"t.txt\"");
        assertThat(whole.headers().firstValue("content-type")).contains("text/plain");
        assertThat(whole.headers().firstValue("vary")).contains("Accept-Encoding");

        HttpResponse<String> part = envd.send(envd.request(url).header("Range", "bytes=5-11"));
        assertThat(part.statusCode()).isEqualTo(206);
        assertThat(part.body()).isEqualTo("5678901");
        assertThat(part.headers().firstValue("content-range")).contains("bytes 5-11/10000");
        assertThat(envd.send(envd.request(url).header("Range", "bytes=-3")).body())
                .isEqualTo("789");
        HttpResponse<String> beyond = envd.send(envd.request(url).header("Range", "bytes=10000-"));
        assertThat(beyond.statusCode()).isEqualTo(416);
        assertThat(beyond.headers().firstValue("content-range")).contains("bytes */10000");

        HttpResponse<byte[]> packed = envd.client()
                .send(envd.request(url).header("Accept-Encoding", "gzip").build(), BodyHandlers.ofByteArray());
        assertThat(packed.headers().firstValue("content-encoding")).contains("gzip");
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(packed.body()))) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo(text);
        }
        assertThat(envd.send(envd.request(url).header("Accept-Encoding", "br, identity;q=0"))
                        .statusCode())
                .isEqualTo(406);
    }

    @Test
    void whatHasNotChangedIsNotSentAgain() throws Exception {
        envd.upload("t", new byte[5]);
        String url = EnvdFixture.files("t");
        HttpResponse<String> first = envd.get(url);
        String date = first.headers().firstValue("last-modified").orElseThrow();
        String tag = first.headers().firstValue("etag").orElseThrow();
        assertThat(envd.send(envd.request(url).header("If-Modified-Since", date))
                        .statusCode())
                .isEqualTo(304);
        assertThat(envd.send(envd.request(url).header("If-None-Match", tag)).statusCode())
                .isEqualTo(304);
        assertThat(envd.send(envd.request(url).header("If-None-Match", "\"other\""))
                        .statusCode())
                .isEqualTo(200);
        assertThat(envd.send(envd.request(url).header("If-Range", "\"other\"").header("Range", "bytes=1-2"))
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void anEmptyFileSaysItsLength() throws Exception {
        envd.upload("empty", new byte[0]);
        HttpResponse<String> response =
                envd.send(envd.request(EnvdFixture.files("empty")).header("Accept-Encoding", "gzip"));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-length")).contains("0");
    }

    @Test
    void aFileOfProcHasItsContentAlthoughItSaysItIsEmpty() throws Exception {
        assertThat(envd.get(EnvdFixture.files("/proc/version")).body()).startsWith("Linux");
    }

    @Test
    void whatCannotBeReadSaysWhy() throws Exception {
        HttpResponse<String> missing = envd.get(EnvdFixture.files("nope"));
        assertThat(missing.statusCode()).isEqualTo(404);
        assertThat(missing.body()).isEqualTo("{\"code\":404,\"message\":\"path '/home/user/nope' does not exist\"}");
        HttpResponse<String> folder = envd.get(EnvdFixture.files("/home"));
        assertThat(folder.statusCode()).isEqualTo(400);
        assertThat(folder.body()).isEqualTo("{\"code\":400,\"message\":\"path '/home' is a directory\"}");
        assertThat(envd.get(EnvdFixture.files("/dev/zero")).statusCode()).isEqualTo(400);
        HttpResponse<String> ghost = envd.get(EnvdFixture.files("x") + "&username=ghost");
        assertThat(ghost.statusCode()).isEqualTo(401);
        assertThat(ghost.body()).contains("error looking up user 'ghost'");
        assertThat(envd.upload("/home/user", new byte[1]).body())
                .isEqualTo("{\"code\":400,\"message\":\"path is a directory: /home/user\"}");
        assertThat(envd.get("/files?path=~root/x").statusCode()).isEqualTo(400);
        assertThat(envd.send(envd.request("/files")
                                .header("Content-Type", "application/octet-stream")
                                .POST(BodyPublishers.ofString("x")))
                        .body())
                .contains("path query parameter is required");
    }

    @Test
    void aSignedUrlNeedsNoToken() throws Exception {
        envd.upload("hello.txt", "hi".getBytes(StandardCharsets.UTF_8));
        FileSignature read = new FileSignature("hello.txt", FileSignature.Operation.READ, "user", Optional.empty());
        assertThat(signed(read, read.sign(envd.token())).body()).isEqualTo("hi");
        assertThat(signed(read, "v1_wrong").body()).isEqualTo("{\"code\":401,\"message\":\"invalid signature\"}");
        long now = EnvdFixture.NOW.getEpochSecond();
        FileSignature over = new FileSignature(
                "hello.txt", FileSignature.Operation.READ, "user", Optional.of(Long.toString(now - 1)));
        assertThat(signed(over, over.sign(envd.token())).body())
                .isEqualTo("{\"code\":401,\"message\":\"signature is already expired\"}");
        FileSignature good = new FileSignature(
                "hello.txt", FileSignature.Operation.READ, "user", Optional.of(Long.toString(now + 1)));
        assertThat(signed(good, good.sign(envd.token())).statusCode()).isEqualTo(200);
        assertThat(signed(good, over.sign(envd.token())).statusCode()).isEqualTo(401);
        HttpRequest.Builder bare =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + envd.port() + "/files?path=hello.txt"));
        assertThat(envd.send(bare).body())
                .isEqualTo("{\"code\":401,\"message\":\"missing signature query parameter\"}");
        assertThat(envd.send(bare.header("X-Access-Token", "x")).body())
                .contains("access token present in header but does not match");
    }

    private HttpResponse<String> signed(FileSignature signature, String text) throws Exception {
        String expiration = signature
                .expiration()
                .map(seconds -> "&signature_expiration=" + seconds)
                .orElse("");
        return envd.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + envd.port() + "/files?path="
                + signature.path() + "&username=" + signature.user() + "&signature="
                + URLEncoder.encode(text, StandardCharsets.UTF_8) + expiration)));
    }

    @Test
    void theSignatureIsTheOneOfTheClients() {
        assertThat(new FileSignature("hello.txt", FileSignature.Operation.READ, "user", Optional.empty())
                        .sign("0tQG31xiMp0IOQfaz9dcwi72L1CPo8e0"))
                .isEqualTo("v1_gUtH/s9YCJWgCizjfUxuWfhFE4QSydOWEIIvfLwDr6E");
    }

    @Test
    void filesAreComposed() throws Exception {
        envd.upload("p1", "one ".getBytes(StandardCharsets.UTF_8));
        envd.upload("p2", "two".getBytes(StandardCharsets.UTF_8));
        String request = "{\"source_paths\":[\"p1\",\"p2\"],\"destination\":\"out/all\"}";
        HttpResponse<String> response =
                envd.send(envd.request("/files/compose").POST(BodyPublishers.ofString(request)));
        assertThat(response.body()).isEqualTo("{\"path\":\"/home/user/out/all\",\"name\":\"all\",\"type\":\"file\"}");
        assertThat(Files.readString(envd.home().resolve("out/all"))).isEqualTo("one two");
        assertThat(envd.home().resolve("p1")).doesNotExist();
        assertThat(envd.send(envd.request("/files/compose").POST(BodyPublishers.ofString(request)))
                        .body())
                .isEqualTo("{\"code\":404,\"message\":\"source file not found: p1\"}");
    }

    @Test
    void aFileThatIsNamedTwiceIsComposedTwice() throws Exception {
        envd.upload("part", "ab".getBytes(StandardCharsets.UTF_8));
        String request = "{\"source_paths\":[\"part\",\"./part\"],\"destination\":\"twice\"}";
        HttpResponse<String> response =
                envd.send(envd.request("/files/compose").POST(BodyPublishers.ofString(request)));
        assertThat(response.body()).isEqualTo("{\"path\":\"/home/user/twice\",\"name\":\"twice\",\"type\":\"file\"}");
        assertThat(Files.readString(envd.home().resolve("twice"))).isEqualTo("abab");
        assertThat(envd.home().resolve("part")).doesNotExist();
    }

    /** Far more than is kept: what comes back is compared as it comes. */
    @Test
    void largeFilesGoBothWays() throws Exception {
        int size = 64 << 20;
        HttpResponse<String> response = envd.send(envd.request(EnvdFixture.files("large"))
                .header("Content-Type", "application/octet-stream")
                .POST(BodyPublishers.ofInputStream(() -> new Noise(size))));
        assertThat(response.statusCode()).isEqualTo(200);
        HttpResponse<InputStream> back =
                envd.client().send(envd.request(EnvdFixture.files("large")).build(), BodyHandlers.ofInputStream());
        try (InputStream in = back.body();
                InputStream same = new Noise(size)) {
            for (int left = size; left > 0; left -= 1 << 20) {
                assertThat(in.readNBytes(1 << 20)).isEqualTo(same.readNBytes(1 << 20));
            }
            assertThat(in.read()).isNegative();
        }
        String head = "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"form\"\r\n\r\n";
        HttpResponse<String> form = envd.send(envd.request("/files")
                .header("Content-Type", "multipart/form-data; boundary=xyz")
                .POST(BodyPublishers.concat(
                        BodyPublishers.ofString(head),
                        BodyPublishers.ofInputStream(() -> new Noise(size)),
                        BodyPublishers.ofString("\r\n--xyz--\r\n"))));
        assertThat(form.statusCode()).as(form.body()).isEqualTo(200);
        assertThat(Files.mismatch(envd.home().resolve("large"), envd.home().resolve("form")))
                .isEqualTo(-1);
    }

    @Test
    void whoeverIsRefusedStillGetsTheAnswer() throws Exception {
        HttpResponse<String> response = envd.send(envd.request(EnvdFixture.files("/home/user"))
                .header("Content-Type", "application/octet-stream")
                .POST(BodyPublishers.ofInputStream(() -> new Noise(32 << 20))));
        assertThat(response.statusCode()).isEqualTo(400);
        HttpResponse<String> asking = envd.send(envd.request(EnvdFixture.files("/home/user"))
                .expectContinue(true)
                .header("Content-Type", "application/octet-stream")
                .POST(BodyPublishers.ofInputStream(() -> new Noise(32 << 20))));
        assertThat(asking.statusCode()).isEqualTo(400);
        assertThat(envd.get("/health").statusCode()).isEqualTo(204);
    }

    @Test
    void aFileThatBecomesShorterBreaksTheAnswer() throws Exception {
        envd.upload("shrinking", new byte[32 << 20]);
        HttpResponse<InputStream> response =
                envd.client().send(envd.request(EnvdFixture.files("shrinking")).build(), BodyHandlers.ofInputStream());
        try (InputStream in = response.body()) {
            in.readNBytes(1000);
            Files.write(envd.home().resolve("shrinking"), new byte[10]);
            assertThatThrownBy(in::readAllBytes).isInstanceOf(IOException.class);
        }
    }

    /** Bytes that differ, and are the same every time. */
    private static final class Noise extends InputStream {
        private final Random random = new Random(7);
        private int left;

        Noise(int size) {
            left = size;
        }

        @Override
        public int read() {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            if (left == 0) {
                return -1;
            }
            int count = Math.min(left, length);
            for (int i = 0; i < count; i++) {
                into[offset + i] = (byte) random.nextInt();
            }
            left -= count;
            return count;
        }
    }
}

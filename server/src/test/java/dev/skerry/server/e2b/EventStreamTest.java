package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class EventStreamTest {
    private E2bServer server;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        server = new E2bServer(folder);
    }

    @AfterEach
    void close() {
        client.shutdownNow();
        server.close();
    }

    /** An open stream, read field by field. */
    private final class Stream implements AutoCloseable {
        final HttpResponse<InputStream> response;
        final BufferedReader reader;

        Stream(String query, String key, String... headers) throws IOException, InterruptedException {
            HttpRequest.Builder request = HttpRequest.newBuilder(
                            URI.create("http://127.0.0.1:" + server.port() + "/skerry/v1/events/stream" + query))
                    .timeout(Duration.ofSeconds(20))
                    .header("X-API-Key", key);
            if (headers.length > 0) {
                request.headers(headers);
            }
            response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            reader = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
        }

        /** The next values of that field. */
        List<String> next(String field, int count) throws IOException {
            List<String> found = new ArrayList<>();
            while (found.size() < count) {
                String line = reader.readLine();
                if (line == null) {
                    break;
                }
                if (line.startsWith(field + ": ")) {
                    found.add(line.substring(field.length() + 2));
                }
            }
            return found;
        }

        @Override
        public void close() throws IOException {
            reader.close();
        }
    }

    @Test
    void eventsComeAsTheyHappen() throws Exception {
        try (Stream stream = new Stream("", server.key)) {
            assertThat(stream.response.statusCode()).isEqualTo(200);
            assertThat(stream.response.headers().firstValue("Content-Type")).contains("text/event-stream");
            String id = server.create("{}");
            assertThat(stream.next("data", 2))
                    .allSatisfy(data -> assertThat(data).contains("\"sandboxID\":\"" + id + "\""));
            String second = server.create("{}");
            assertThat(stream.next("data", 1).getFirst()).contains(second).contains("\"kind\":\"created\"");
        }
    }

    @Test
    void whoComesBackMissesNothingAndSeesNothingTwice() throws Exception {
        server.create("{}");
        String last;
        try (Stream stream = new Stream("", server.key)) {
            last = stream.next("id", 1).getFirst();
        }
        server.create("{}");
        try (Stream stream = new Stream("?after=0", server.key, "Last-Event-ID", last)) {
            assertThat(stream.next("id", 3)).containsExactly("2", "3", "4");
        }
        try (Stream stream = new Stream("?after=3", server.key)) {
            assertThat(stream.next("event", 1)).containsExactly("started");
        }
    }

    @Test
    void anotherTenantsAreNotInIt() throws Exception {
        server.create("{}");
        server.send("POST", "/v2/sandboxes", "{}", "X-API-Key", server.otherKey).is(201);
        try (Stream stream = new Stream("", server.otherKey)) {
            assertThat(stream.next("id", 2)).containsExactly("3", "4");
        }
    }

    @Test
    void itEndsInOrderWhenTheServerStops() throws Exception {
        server.create("{}");
        try (Stream stream = new Stream("", server.key)) {
            assertThat(stream.next("data", 2)).hasSize(2);
            server.api.drain();
            assertThat(stream.next("event", 1)).containsExactly("drain");
            assertThat(stream.next("event", 1)).as("a proper end").isEmpty();
        }
    }

    @Test
    void itEndsWhenItsKeyOpensNothingAnyMore() throws Exception {
        JsonNode made = server.send("POST", "/api-keys", "{\"name\":\"short\"}", "X-API-Key", server.key)
                .is(201)
                .body();
        server.create("{}");
        try (Stream stream = new Stream("", made.get("key").stringValue())) {
            assertThat(stream.next("data", 2)).hasSize(2);
            String path = "/api-keys/" + made.get("id").stringValue();
            server.send("DELETE", path, "", "X-API-Key", server.key).is(204);
            assertThat(stream.next("event", 1)).containsExactly("denied");
            assertThat(stream.next("event", 1)).as("a proper end").isEmpty();
        }
    }

    @Test
    void thereIsABoundOfThemForATenant() throws Exception {
        List<Stream> open = new ArrayList<>();
        for (int i = 0; i < EventStream.STREAMS_MAX; i++) {
            open.add(new Stream("", server.key));
        }
        server.get("/skerry/v1/events/stream").fails(429, "16 streams of events are open already");
        try (Stream other = new Stream("", server.otherKey)) {
            assertThat(other.response.statusCode()).isEqualTo(200);
        }
        for (Stream one : open) {
            one.close();
        }
    }

    @Test
    void aNumberThatIsNoneIsRefused() throws Exception {
        server.get("/skerry/v1/events/stream?after=x").is(400);
        server.send("GET", "/skerry/v1/events/stream", "", "X-API-Key", server.key, "Last-Event-ID", "-1")
                .is(400);
    }
}

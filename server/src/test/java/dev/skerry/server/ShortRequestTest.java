package dev.skerry.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.database.FreshPostgres;
import dev.skerry.server.database.PostgresServer;
import dev.skerry.server.guests.BareGuest;
import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.sandboxes.SimulatedHost;
import dev.skerry.server.settings.DatabaseSettings;
import dev.skerry.server.settings.ServerSettings;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Short requests to a program keep no thread of the server waiting, whatever stands before the gateway. */
class ShortRequestTest {
    private static final Duration BOUND = Duration.ofSeconds(60);

    /** Shorter than what the program inside waits. */
    private static final Duration SOON = Duration.ofSeconds(20);

    @RegisterExtension
    private final FreshPostgres postgres = new FreshPostgres();

    @TempDir
    private Path folder;

    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch answer = new CountDownLatch(1);
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private ServerSettings settings() {
        Address anyPort = new Address("127.0.0.1", 0);
        return ServerSettings.DEFAULT.with(new ServerSettings.Overrides(
                Optional.of(folder.resolve("data")), Optional.of(anyPort), Optional.of(anyPort), Optional.empty()));
    }

    @Test
    void onSqlite() throws Exception {
        needNoThread(settings());
    }

    @Test
    void whereServersShareADatabase() throws Exception {
        needNoThread(settings()
                .with(new DatabaseSettings(
                        Optional.of(postgres.address()), Optional.of(PostgresServer.PASSWORD), Optional.empty())));
    }

    private void needNoThread(ServerSettings settings) throws Exception {
        try (BareGuest guest = BareGuest.start(
                        folder.resolve("guest"), () -> Optional.of(SocketChannel.open(StandardProtocolFamily.INET)));
                ServerSocket program = new ServerSocket(0, 5, InetAddress.ofLiteral("127.0.0.1"));
                Server server =
                        Server.open(settings, new SimulatedHost(_ -> guest.connection()), InstantSource.system())) {
            Thread.ofVirtual().start(() -> serve(program));
            String key = server.mintKey("test");
            HttpResponse<String> made = client.send(
                    request(server, "/v2/sandboxes")
                            .header("X-API-Key", key)
                            .POST(BodyPublishers.ofString("{\"templateID\":\"base\",\"timeout\":600}"))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
            HttpRequest toPort = request(server, "/")
                    .header(
                            "E2b-Sandbox-Id",
                            Exchange.JSON.readTree(made.body()).get("sandboxID").stringValue())
                    .header("E2b-Sandbox-Port", String.valueOf(program.getLocalPort()))
                    .build();
            // The first makes the connection, for which it has a thread; the second finds it kept.
            assertThat(client.send(toPort, BodyHandlers.ofString()).body()).isEqualTo("hi");
            awaitMetrics(server, key, "skerry_requests_open 1.0");
            CompletableFuture<HttpResponse<String>> second = client.sendAsync(toPort, BodyHandlers.ofString());
            assertThat(asked.await(BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
            // The question for the metrics has one; of the question before it there may be a rest.
            awaitMetrics(server, key, "skerry_requests_open 2.0", "skerry_request_threads 1.0");
            answer.countDown();
            assertThat(second.get(BOUND.toSeconds(), TimeUnit.SECONDS).body()).isEqualTo("hi");
        } finally {
            answer.countDown();
            client.close();
        }
    }

    private static HttpRequest.Builder request(Server server, String path) {
        return HttpRequest.newBuilder(server.api().resolve(path)).timeout(BOUND);
    }

    private String metrics(Server server, String key) throws IOException, InterruptedException {
        return client.send(request(server, "/metrics").header("X-API-Key", key).build(), BodyHandlers.ofString())
                .body();
    }

    private void awaitMetrics(Server server, String key, String... lines) throws IOException, InterruptedException {
        long end = System.nanoTime() + SOON.toNanos();
        String metrics = metrics(server, key);
        while (!Stream.of(lines).allMatch(metrics::contains)) {
            assertThat(System.nanoTime()).as(metrics).isLessThan(end);
            metrics = metrics(server, key);
        }
    }

    /** Answers one request at once, and the next on the same connection when the test says so. */
    private void serve(ServerSocket program) {
        byte[] text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".getBytes(StandardCharsets.US_ASCII);
        try (Socket socket = program.accept()) {
            head(socket.getInputStream());
            socket.getOutputStream().write(text);
            head(socket.getInputStream());
            asked.countDown();
            boolean _ = answer.await(BOUND.toSeconds(), TimeUnit.SECONDS);
            socket.getOutputStream().write(text);
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("no request");
            }
            head.append((char) next);
        }
    }
}

package dev.skerry.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.tls.CertificateAuthority;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who leaves before the answer ends what is done for it. */
@Timeout(60)
class LeavingClientTest {
    private static final String POST = "POST /wait HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello";
    private static final String GET = "GET / HTTP/1.1\r\nHost: localhost\r\n";

    private final Sockets sockets = new Sockets();
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch told = new CountDownLatch(1);
    private final CountDownLatch interrupted = new CountDownLatch(1);

    @AfterEach
    void close() throws Exception {
        told.countDown();
        sockets.close();
    }

    private HttpServer server() {
        return sockets.serve(this::answer);
    }

    private void answer(Exchange exchange) throws IOException, InterruptedException {
        if (!exchange.rawPath().equals("/wait")) {
            exchange.text(200, "next");
            return;
        }
        String content = new String(exchange.body(1 << 20), StandardCharsets.US_ASCII);
        exchange.interruptWhenClientLeaves();
        asked.countDown();
        try {
            told.await();
        } catch (InterruptedException e) {
            interrupted.countDown();
            throw e;
        }
        exchange.text(200, content);
    }

    private Socket asking(HttpServer server) throws Exception {
        Socket socket = sockets.connect(server);
        Sockets.send(socket, POST);
        assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
        return socket;
    }

    private void expectInterrupt() throws InterruptedException {
        assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void whoClosesItsConnectionHasLeft() throws Exception {
        asking(server()).close();
        expectInterrupt();
    }

    @Test
    void whoResetsItsConnectionHasLeft() throws Exception {
        Socket socket = asking(server());
        socket.setSoLinger(true, 0);
        socket.close();
        expectInterrupt();
    }

    /** It has asked for more before it leaves. */
    @Test
    void whoHasSaidMoreAndLeavesHasLeft() throws Exception {
        Socket socket = asking(server());
        Sockets.send(socket, GET + "\r\n");
        socket.close();
        expectInterrupt();
    }

    @Test
    void whatIsSaidMeanwhileIsHeardAfterwards() throws Exception {
        Socket socket = asking(server());
        Sockets.send(socket, GET + "\r\n");
        Sockets.send(socket, GET + "A: " + "x".repeat(7000) + "\r\n\r\n");
        Sockets.send(socket, GET + "A: " + "x".repeat(7000) + "\r\n\r\n");
        Sockets.send(socket, GET + "Connection: close\r\nA: " + "x".repeat(7000) + "\r\n\r\n");
        assertThat(interrupted.await(200, TimeUnit.MILLISECONDS)).isFalse();
        told.countDown();
        assertThat(Sockets.rest(socket))
                .matches("(?s)HTTP/1\\.1 200 .*hello(HTTP/1\\.1 200 .*next){4}")
                .doesNotContain("503");
        assertThat(interrupted.getCount()).isEqualTo(1);
    }

    /** What comes after its answer has nothing to do with who was asked before. */
    @Test
    void aConnectionThatIsKeptGoesOn() throws Exception {
        Socket socket = asking(server());
        told.countDown();
        InputStream in = socket.getInputStream();
        while (in.read() != 'o') {
            // To the end of the answer.
        }
        Sockets.send(socket, GET + "Connection: close\r\n\r\n");
        assertThat(Sockets.rest(socket)).contains("HTTP/1.1 200 ").endsWith("next");
    }

    /** Its last words are encrypted. */
    @Test
    void whoClosesItsConnectionOfTlsHasLeft(@TempDir Path folder) throws Exception {
        CertificateAuthority authority = CertificateAuthority.open(folder, "sbx.localhost", InstantSource.system());
        HttpServer server = sockets.closing(
                HttpServer.open(List.of(new Listener("127.0.0.1", 0, Optional.of(authority.context()))), this::answer));
        try (Socket plain = sockets.connect(server);
                Socket socket = trusting(authority).getSocketFactory().createSocket(plain, "sbx.localhost", 0, true)) {
            Sockets.send(socket, POST);
            assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
        }
        expectInterrupt();
    }

    private static SSLContext trusting(CertificateAuthority authority) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        store.setCertificateEntry("ca", authority.certificate());
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    /** Asks by HTTP/2, and has asked once its answer is waited for. */
    private CompletableFuture<HttpResponse<String>> asking(HttpClient client) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + server().ports().getFirst() + "/wait");
        // The first request of a client is of HTTP/1.1, with an upgrade.
        HttpResponse<String> first =
                client.send(HttpRequest.newBuilder(uri.resolve("/")).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(first.version()).isEqualTo(HttpClient.Version.HTTP_2);
        CompletableFuture<HttpResponse<String>> waiting = client.sendAsync(
                HttpRequest.newBuilder(uri)
                        .POST(HttpRequest.BodyPublishers.ofString("hello"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
        return waiting;
    }

    @Test
    void whoCancelsARequestOfHttp2HasLeft() throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            asking(client).cancel(true);
            expectInterrupt();
        }
    }

    @Test
    void whoClosesItsConnectionOfHttp2HasLeft() throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        var _ = asking(client);
        client.shutdownNow();
        expectInterrupt();
    }
}

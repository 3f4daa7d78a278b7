package dev.skerry.cli.client;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Quantity;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Requests to one HTTP origin, each with a bound on the wait for its answer. Thread-safe. */
final class HttpOrigin implements AutoCloseable {
    private static final Duration CONNECT_BOUND = Duration.ofSeconds(10);

    private final ServerAddress address;
    private final HttpClient client;

    HttpOrigin(ServerAddress address) {
        this.address = address;
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(CONNECT_BOUND);
        if (address.url().getScheme().equalsIgnoreCase("https")) {
            address.authorities().map(HttpOrigin::trusting).ifPresent(builder::sslContext);
        }
        this.client = builder.build();
    }

    ServerAddress address() {
        return address;
    }

    /** @param path with its query, encoded */
    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(address.url() + path));
    }

    /** The whole answer, within the bound. */
    HttpResponse<byte[]> send(HttpRequest request, Duration bound) throws InterruptedException {
        return exchange(request, BodyHandlers.ofByteArray(), bound);
    }

    /** An answer whose body is read as it comes; only its head is waited for here. Close the body. */
    HttpResponse<InputStream> stream(HttpRequest request, Duration bound) throws InterruptedException {
        return exchange(request, BodyHandlers.ofInputStream(), bound);
    }

    private <T> HttpResponse<T> exchange(HttpRequest request, BodyHandler<T> handler, Duration bound)
            throws InterruptedException {
        CompletableFuture<HttpResponse<T>> answer = client.sendAsync(request, handler);
        try {
            return answer.get(bound.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new Failure(
                    ErrorCode.DEADLINE_EXCEEDED,
                    "the server at " + address.url() + " did not answer within " + Quantity.ofTime(bound),
                    "",
                    e);
        } catch (ExecutionException e) {
            throw translated(e.getCause());
        } finally {
            answer.cancel(true);
        }
    }

    private Failure translated(Throwable cause) {
        if (cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException) {
            return new Failure(
                    ErrorCode.HOST_UNREACHABLE,
                    "no server answers at " + address,
                    "'./skerry serve' starts one, --url or E2B_API_URL names another",
                    cause);
        }
        String words = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return new Failure(
                ErrorCode.HOST_UNREACHABLE, "the connection to " + address.url() + " broke: " + words, cause);
    }

    private static SSLContext trusting(Path authorities) {
        try {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            int number = 0;
            for (Certificate certificate :
                    factory.generateCertificates(new ByteArrayInputStream(Files.readAllBytes(authorities)))) {
                trusted.setCertificateEntry("authority-" + number++, certificate);
            }
            TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers.getTrustManagers(), null);
            return context;
        } catch (IOException | GeneralSecurityException e) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "the certificates in " + authorities + " cannot be used: " + e.getMessage(),
                    "name a PEM file with SSL_CERT_FILE, or none",
                    e);
        }
    }

    /** Breaks what is still open. */
    @Override
    public void close() {
        client.shutdownNow();
    }
}

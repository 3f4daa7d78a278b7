package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.skerry.cli.client.EnvFile;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server with TLS and a certificate that nobody else knows. */
class TrustTest {
    private static final String PASSWORD = "not secret";

    private final Commanded commanded = new Commanded();

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @SuppressWarnings("NullAway.Init")
    private HttpsServer server;

    @BeforeEach
    void start() throws Exception {
        Path store = folder.resolve("store");
        keytool(
                store,
                "-genkeypair",
                "-keyalg",
                "EC",
                "-dname",
                "CN=test",
                "-ext",
                "san=ip:127.0.0.1",
                "-validity",
                "2");
        keytool(store, "-exportcert", "-rfc", "-file", folder.resolve("ca.pem").toString());
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        server.createContext("/", exchange -> {
            byte[] body = "[{\"id\":\"default\"}]".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        commanded.environment.put("SKERRY_DATA", folder.toString());
        commanded.environment.put(
                EnvFile.API_URL, "https://127.0.0.1:" + server.getAddress().getPort());
    }

    private static void keytool(Path store, String... words) throws Exception {
        List<String> all = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin/keytool").toString()));
        all.addAll(List.of(words));
        all.addAll(List.of("-alias", "a", "-storepass", PASSWORD, "-keystore", store.toString()));
        Process process = new ProcessBuilder(all)
                .redirectErrorStream(true)
                .redirectOutput(store.resolveSibling("keytool.log").toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void theNamedAuthoritiesAreTrusted() throws Exception {
        Path bundle = Files.writeString(
                folder.resolve("bundle.pem"), "# ours\n" + Files.readString(folder.resolve("ca.pem")));
        commanded.environment.put(EnvFile.AUTHORITIES, bundle.toString());
        assertThat(commanded.skerry("tenants")).as(commanded.err()).isZero();
        assertThat(commanded.out()).contains("default");
    }

    @Test
    void withoutThemTheServerIsNotBelieved() {
        assertThat(commanded.skerry("tenants")).isEqualTo(125);
        assertThat(commanded.err())
                .contains("the connection to https://127.0.0.1:")
                .contains("broke");
        assertThat(commanded.out()).isEmpty();
    }

    @Test
    void aFileThatHoldsNoneIsNamed() {
        commanded.environment.put(
                EnvFile.AUTHORITIES, folder.resolve("none.pem").toString());
        assertThat(commanded.skerry("tenants")).isEqualTo(2);
        assertThat(commanded.err()).contains("none.pem cannot be used").contains("SSL_CERT_FILE");
    }
}

package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.cli.client.EnvFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a command finds its server, or finds that it has none. */
class WhichServerTest {
    private static final String OTHER_KEY = "e2b_ffffffffffffffffffffffffffffffffffffffff";

    private final FakeE2b server = new FakeE2b();
    private final Commanded commanded = new Commanded();

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path data;

    @BeforeEach
    void prepare() {
        commanded.environment.put("SKERRY_DATA", data.toString());
        server.on("GET /v2/sandboxes", 200, "[{\"sandboxID\":\"served\",\"state\":\"running\"}]");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void note(String url, String key) {
        EnvFile.write(data.resolve(EnvFile.NAME), Map.of(EnvFile.API_URL, url, EnvFile.API_KEY, key));
    }

    /** Nobody listens there: it is the port of a server that has been closed. */
    private static String nowhere() {
        try (var closed = new FakeE2b()) {
            return closed.url();
        }
    }

    private void assertServed(String... more) {
        String[] words = new String[more.length + 1];
        words[0] = "ps";
        System.arraycopy(more, 0, words, 1, more.length);
        assertThat(commanded.skerry(words)).as(commanded.err()).isZero();
        assertThat(commanded.out()).contains("served").doesNotContain("crun 1.8.1");
    }

    private void assertLocal(String... words) {
        assertThat(commanded.skerry(words)).as(commanded.err()).isZero();
        assertThat(commanded.out()).contains("crun 1.8.1").doesNotContain("served");
    }

    @Test
    void theNotedServerIsUsedWithItsKey() {
        note(server.url(), FakeE2b.KEY);
        commanded.environment.put(EnvFile.API_KEY, OTHER_KEY);
        assertServed();
        assertLocal("ps", "--local");
        assertThat(commanded.skerry("kill", "--local", "web")).isZero();
        assertThat(commanded.host.killed).containsExactly("web");
    }

    @Test
    void aNotedServerThatIsNotThereLeavesTheEngine() {
        note(nowhere(), FakeE2b.KEY);
        assertLocal("ps");
        assertThat(commanded.skerry("kill", "web")).isZero();
        assertThat(commanded.host.killed).containsExactly("web");
        assertThat(commanded.skerry("tenants")).isEqualTo(125);
        assertThat(commanded.err()).contains("no server answers at " + "http").contains("./skerry serve");
    }

    @Test
    void withoutANoteThereIsOnlyTheEngine() {
        assertLocal("ps");
        assertThat(commanded.skerry("create")).isEqualTo(2);
        assertThat(commanded.err())
                .contains("no server is known")
                .contains(data + "/client.env")
                .contains("./skerry serve");
    }

    @Test
    void aNamedServerMustBeThere() {
        commanded.environment.put(EnvFile.API_URL, nowhere());
        assertThat(commanded.skerry("ps")).isEqualTo(125);
        assertThat(commanded.err()).contains("no server answers");
        assertThat(commanded.out()).isEmpty();
    }

    @Test
    void wordsComeBeforeVariablesAndVariablesBeforeTheNote() {
        note(nowhere(), OTHER_KEY);
        commanded.environment.put(EnvFile.API_URL, server.url());
        commanded.environment.put(EnvFile.API_KEY, FakeE2b.KEY);
        assertServed();
        commanded.environment.put(EnvFile.API_URL, nowhere());
        assertServed("--url", server.url() + "/");
        commanded.environment.put(EnvFile.API_KEY, OTHER_KEY);
        assertServed("--url", server.url(), "--key", FakeE2b.KEY);
    }

    @Test
    void theNotedKeyGoesToTheNotedServerOnly() {
        note(server.url(), FakeE2b.KEY);
        assertServed("--url", server.url());
        note(nowhere(), FakeE2b.KEY);
        assertThat(commanded.skerry("ps", "--url", server.url())).isEqualTo(125);
        assertThat(server.asked.getLast().header("X-API-Key")).isEmpty();
        assertThat(commanded.err()).contains("the API key is not valid").contains("E2B_API_KEY");
    }

    @Test
    void whoMayNotReadTheNoteCanNameTheServer() throws IOException {
        Files.createDirectory(data.resolve(EnvFile.NAME));
        assertThat(commanded.skerry("tenants")).isEqualTo(125);
        assertThat(commanded.err()).contains("client.env cannot be read").contains("or set E2B_API_URL");
        commanded.environment.put(EnvFile.API_URL, server.url());
        commanded.environment.put(EnvFile.API_KEY, FakeE2b.KEY);
        assertServed();
    }

    @Test
    void aWrongKeyIsNeverPrinted() {
        assertThat(commanded.skerry("ps", "--url", server.url(), "--key", OTHER_KEY))
                .isEqualTo(125);
        assertThat(commanded.err())
                .contains("the API key is not valid")
                .contains("name another with --key")
                .doesNotContain(OTHER_KEY);
        assertThat(commanded.skerry("ps", "--url", server.url(), "--key", "a b"))
                .isEqualTo(2);
        assertThat(commanded.err()).doesNotContain("a b");
    }

    @Test
    void whatIsNoUrlIsRefused() throws IOException {
        for (String url : new String[] {"localhost:3000", "ftp://x", "http://x/api", "http:// x", "http://a:b@c", ""}) {
            assertThat(commanded.skerry("ps", "--url", url)).as(url).isEqualTo(2);
            assertThat(commanded.err()).as(url).contains("is not the URL of a server");
        }
    }
}

package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.tenants.KeyScope;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class PoolRoutesTest {
    private static final String POOLS = "/skerry/v1/pools";

    private E2bServer server;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        server = new E2bServer(folder);
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void areReplacedWhileTheServerRuns() throws Exception {
        assertThat(server.get(POOLS).is(200).body().size()).isZero();
        String wanted = "{\"pools\":[\"base+python=1..8\",\"base@gvisor=0..2\"],\"hitPercent\":90,\"miss\":\"wait\"}";
        assertThat(server.send("PUT", POOLS, wanted).is(200).body().size()).isEqualTo(2);
        JsonNode python = server.get(POOLS).is(200).body().get(0);
        assertThat(python.toString())
                .contains(
                        "\"pool\":\"base+python@container\"",
                        "\"floor\":1",
                        "\"cap\":8",
                        "\"hitPercent\":90",
                        "\"miss\":\"wait\"",
                        "\"patienceMs\":100",
                        "\"ready\":4",
                        "\"hits\":7",
                        "\"backoff\":\"short\"");
        server.send("PUT", POOLS, "{\"pools\":[]}").is(200);
        assertThat(server.get(POOLS).body().size()).isZero();
    }

    @Test
    void areMeasured() throws Exception {
        server.send("PUT", POOLS, "{\"pools\":[\"base+python=1..8\"]}").is(200);
        String labels = "{pool=\"base+python@container\"}";
        assertThat(server.get("/metrics").is(200).response().body())
                .contains("skerry_pool_ready" + labels + " 4.0", "skerry_pool_target" + labels + " 8.0")
                .contains("skerry_pool_claims_total{pool=\"base+python@container\",result=\"hit\"} 7.0");
        server.send("PUT", POOLS, "{\"pools\":[]}").is(200);
        assertThat(server.get("/metrics").response().body()).contains("skerry_pool_ready" + labels + " 0.0");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        {}                                     | 'pools' is missing
        {"pools":["base"]}                     | 'base' is not a pool
        {"pools":["base=0..1","base=0..2"]}    | the pool 'base' is there twice
        {"pools":[],"hitPercent":100}          | 'hitPercent' must be a whole number from 1 to 99, not 100
        {"pools":[],"miss":"hope"}             | 'hope' is not what a job may do that finds no ready sandbox
        """)
    void whatIsWrongIsNamed(String body, String message) throws Exception {
        server.send("PUT", POOLS, body).fails(400, message);
    }

    @Test
    void areTheOperators() throws Exception {
        server.send("GET", POOLS, "", "X-API-Key", server.key(KeyScope.TENANT)).is(403);
        server.send("PUT", POOLS, "{\"pools\":[]}", "X-API-Key", server.otherKey)
                .is(403);
    }
}

package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.e2b.E2bServer.Answer;
import dev.skerry.server.http.Exchange;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.Usage;
import dev.skerry.wire.hosts.Incarnation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ObservationTest {
    private E2bServer server;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        server = new E2bServer(folder);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private void uses(String id, Duration cpuTime) {
        server.host.usages.put(
                new Incarnation(new SandboxId(id), 1), new Usage(300 << 20, 0, 100 << 20, cpuTime, 3, 0, 5 << 20));
    }

    @Test
    void aFreshSandboxHasOneMeasurement() throws Exception {
        String id = server.create("{}");
        uses(id, Duration.ofSeconds(1));
        server.clock.pass(Duration.ofSeconds(2));
        Answer answer = server.get("/sandboxes/" + id + "/metrics").is(200);
        assertThat(answer.body().size()).isEqualTo(1);
        JsonNode metric = answer.body().get(0);
        assertThat(metric.get("cpuUsedPct").doubleValue()).isEqualTo(25);
        assertThat(metric.get("memUsed").longValue()).isEqualTo(300 << 20);
        assertThat(metric.get("memTotal").longValue()).isEqualTo(1 << 30);
        assertThat(metric.get("memCache").longValue()).isEqualTo(100 << 20);
        assertThat(metric.get("diskUsed").longValue()).isEqualTo(5 << 20);
        assertThat(metric.get("diskTotal").longValue()).isEqualTo(2L << 30);
        assertThat(metric.get("timestampUnix").longValue())
                .isEqualTo(server.clock.instant().getEpochSecond());
    }

    @Test
    void metricsCanBeCutByTime() throws Exception {
        String id = server.create("{}");
        uses(id, Duration.ZERO);
        long now = server.clock.instant().getEpochSecond();
        String path = "/sandboxes/" + id + "/metrics";
        assertThat(server.get(path + "?start=" + now + "&end=" + now).body().size())
                .isEqualTo(1);
        assertThat(server.get(path + "?start=" + (now + 1)).is(200).body().size())
                .isZero();
        assertThat(server.get(path + "?end=" + (now - 1)).is(200).body().size()).isZero();
    }

    @Test
    void aPausedOrVanishedSandboxHasNoMeasurement() throws Exception {
        String id = server.create("{}");
        assertThat(server.get("/sandboxes/" + id + "/metrics").is(200).body().size())
                .isZero();
        server.send("POST", "/sandboxes/" + id + "/pause", "{}").is(204);
        assertThat(server.get("/sandboxes/" + id + "/metrics").is(200).body().size())
                .isZero();
    }

    @Test
    void metricsOfSeveralLeaveOutWhatIsNotThere() throws Exception {
        String id = server.create("{}");
        uses(id, Duration.ZERO);
        String gone = server.create("{}");
        server.send("DELETE", "/sandboxes/" + gone, "").is(204);
        JsonNode found = server.get("/sandboxes/metrics?sandbox_ids=" + id + "," + gone + ",nonsense")
                .is(200)
                .body()
                .get("sandboxes");
        assertThat(found.propertyNames()).containsExactly(id);
    }

    @Test
    void logsAreLinesThatTheCommandLineParses() throws Exception {
        String id = server.create("{}");
        server.clock.pass(Duration.ofSeconds(1));
        server.send("DELETE", "/sandboxes/" + id, "").is(204);
        Answer logs = server.get("/sandboxes/" + id + "/logs").is(200);
        assertThat(logs.body().get("logs").size()).isEqualTo(3);
        JsonNode line = Exchange.JSON.readTree(
                logs.body().get("logs").get(2).get("line").stringValue());
        assertThat(line.get("level").stringValue()).isEqualTo("info");
        assertThat(line.get("logger").stringValue()).isEqualTo("skerry");
        assertThat(line.get("message").stringValue()).isEqualTo("Sandbox ended: requested");
        assertThat(logs.body().get("logEntries").get(2).get("message").stringValue())
                .isEqualTo("Sandbox ended: requested");
    }

    @Test
    void logsCanBeCutAndTurned() throws Exception {
        String id = server.create("{}");
        long start = server.clock.instant().toEpochMilli();
        server.clock.pass(Duration.ofMillis(1));
        server.send("POST", "/sandboxes/" + id + "/pause", "{}").is(204);
        String path = "/sandboxes/" + id + "/logs";
        assertThat(messages(path + "?start=" + start)).hasSize(3);
        assertThat(messages(path + "?start=" + (start + 1))).containsExactly("Sandbox paused: MEMORY");
        assertThat(messages(path + "?limit=1")).containsExactly("Sandbox created: for 300 seconds");
        assertThat(messages(path + "?limit=0")).isEmpty();
        assertThat(messages(path + "?limit=1&direction=backward")).containsExactly("Sandbox paused: MEMORY");
        assertThat(messages(path + "?direction=backward&start=" + start))
                .first()
                .isEqualTo("Sandbox started: on local");
    }

    private List<String> messages(String path) throws Exception {
        return server.get(path).is(200).body().get("logEntries").findValuesAsString("message");
    }

    @Test
    void theNewerLogsCanBeSearched() throws Exception {
        String id = server.create("{}");
        server.send("POST", "/sandboxes/" + id + "/timeout", "{\"timeout\":60}").is(204);
        String path = "/v2/sandboxes/" + id + "/logs";
        assertThat(server.get(path).is(200).body().get("logs").size()).isEqualTo(3);
        assertThat(server.get(path + "?level=info").body().get("logs").size()).isEqualTo(2);
        assertThat(server.get(path + "?search=started").body().get("logs").size())
                .isEqualTo(1);
        assertThat(server.get(path + "?search=nothing").body().get("logs").size())
                .isZero();
    }

    @Test
    void eventsGoOnWhereTheyWereLeft() throws Exception {
        server.create("{}");
        server.create("{}");
        JsonNode first = server.get("/skerry/v1/events?limit=3").is(200).body();
        assertThat(first.size()).isEqualTo(3);
        long last = first.get(2).get("sequence").longValue();
        JsonNode second = server.get("/skerry/v1/events?after=" + last).is(200).body();
        assertThat(second.size()).isEqualTo(1);
        assertThat(second.get(0).get("kind").stringValue()).isEqualTo("started");
        long end = second.get(0).get("sequence").longValue();
        assertThat(server.get("/skerry/v1/events?after=" + end).body().size()).isZero();
    }

    @Test
    void eventsOfOneSandboxGoOnToo() throws Exception {
        server.create("{}");
        String id = server.create("{}");
        server.send("DELETE", "/sandboxes/" + id, "").is(204);
        String path = "/skerry/v1/sandboxes/" + id + "/events";
        JsonNode all = server.get(path).is(200).body();
        assertThat(all.findValuesAsString("kind")).containsExactly("created", "started", "ended");
        assertThat(all.findValuesAsString("sandboxID")).containsOnly(id);
        long first = all.get(0).get("sequence").longValue();
        assertThat(server.get(path + "?limit=1&after=" + first).body().findValuesAsString("kind"))
                .containsExactly("started");
    }
}

package dev.skerry.cli;

import static dev.skerry.cli.FakeE2b.ID;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.cli.client.EnvFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Commands that ask a server's control plane. */
class ClientCommandsTest {
    private final FakeE2b server = new FakeE2b();
    private final Commanded commanded = new Commanded();

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path data;

    @BeforeEach
    void knowTheServer() {
        commanded.environment.put("SKERRY_DATA", data.toString());
        commanded.environment.put(EnvFile.API_URL, server.url());
        commanded.environment.put(EnvFile.API_KEY, FakeE2b.KEY);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private JsonNode json() {
        return JsonMapper.shared().readTree(commanded.out());
    }

    private static String listed(String id, String state) {
        return """
            [{"sandboxID":"%s","templateID":"t1","alias":"base","state":"%s",
              "startedAt":"2026-01-01T00:00:00Z","endAt":"2999-01-01T00:00:00Z",
              "cpuCount":2,"memoryMB":512,
              "metadata":{"b":"2","a":"1"}}]\
            """.formatted(id, state);
    }

    @Test
    void psShowsEverySandboxOfEveryPage() {
        server.on("GET /v2/sandboxes", 200, listed("one", "running"), "next page");
        server.on("GET /v2/sandboxes", 200, listed("two", "paused"));
        assertThat(commanded.skerry("ps")).isZero();
        assertThat(commanded.out().lines().toList()).hasSize(3);
        assertThat(commanded.out())
                .startsWith("ID   TEMPLATE  STATE")
                .containsPattern("one  base      running  .*512 MiB  a=1,b=2\n")
                .containsPattern("two  base      paused   .* -  +2");
        List<FakeE2b.Asked> asked = server.asked("GET", "/v2/sandboxes");
        assertThat(asked.getFirst().query()).contains("state=running,paused");
        assertThat(asked.getLast().query()).contains("nextToken=next+page");
        assertThat(commanded.host.closed).as("the engine").isZero();
    }

    @Test
    void psSpeaksToProgramsToo() {
        server.on("GET /v2/sandboxes", 200, listed("one", "running"));
        assertThat(commanded.skerry("ps", "--json")).isZero();
        assertThat(json().get(0).get("metadata").get("a").asString()).isEqualTo("1");
        assertThat(json().get(0).get("ends").asString()).isEqualTo("2999-01-01T00:00:00Z");
        assertThat(commanded.skerry("ps", "-q")).isZero();
        assertThat(commanded.out()).isEqualTo("one\n");
    }

    @Test
    void createSendsWhatWasAskedForAndPrintsTheId() {
        server.on("POST /v2/sandboxes", 201, "{\"sandboxID\":\"fresh\"}");
        assertThat(commanded.skerry(
                        "create",
                        "--template",
                        "py",
                        "--timeout",
                        "1500ms",
                        "--metadata",
                        "k=v=w",
                        "-e",
                        "A=",
                        "--auto-pause"))
                .isZero();
        assertThat(commanded.out()).isEqualTo("fresh\n");
        JsonNode body = server.asked("POST", "/v2/sandboxes").getFirst().json();
        assertThat(body.toString())
                .isEqualTo("{\"templateID\":\"py\",\"timeout\":2,\"autoPause\":true,"
                        + "\"metadata\":{\"k\":\"v=w\"},\"envVars\":{\"A\":\"\"}}");
        assertThat(commanded.skerry("create")).isZero();
        assertThat(server.asked("POST", "/v2/sandboxes").getLast().body())
                .as("the server's own defaults")
                .isEqualTo("{\"metadata\":{},\"envVars\":{}}");
    }

    @Test
    void aRefusalIsPassedOnInTheServersWords() {
        server.on(
                "POST /v2/sandboxes",
                404,
                "{\"code\":404,\"message\":\"template 'x' not found\",\"hint\":\"there is 'base'\"}");
        assertThat(commanded.skerry("create", "--template", "x")).isEqualTo(125);
        assertThat(commanded.err()).isEqualTo("skerry: template 'x' not found\nhint: there is 'base'\n");
    }

    @Test
    void whatAServerSaysInHtmlIsShownShortened() {
        server.on("POST /v2/sandboxes", 503, "<html>" + "busy ".repeat(1000));
        assertThat(commanded.skerry("create")).isEqualTo(125);
        assertThat(commanded.err())
                .startsWith("skerry: the server answered POST /v2/sandboxes with status 503: <html>busy")
                .hasSizeLessThan(2200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "create --metadata k",
                "create -e K",
                "create --timeout soon",
                "exec",
                "exec ID",
                "cp a",
                "port a 70000",
                "port a x",
                "keys",
                "keys create",
                "keys rm",
                "pause",
                "resume",
                "logs",
                "kill a/../b",
                "exec a?b=c ls",
                "events ../../x",
                "logs a b",
                "cp a b",
                "cp x:/a y:/b",
                "cp x: /tmp",
                "cp /no/such x:/a"
            })
    void aWrongCommandLineEndsWith2(String line) {
        server.on("GET /sandboxes/x", 200, "{\"sandboxID\":\"x\",\"state\":\"running\"}");
        assertThat(commanded.skerry(line.split(" ", -1))).isEqualTo(2);
        assertThat(commanded.err()).startsWith("skerry: ").doesNotContain("\tat ");
        assertThat(commanded.out()).isEmpty();
    }

    @Test
    void oneThatFailsDoesNotKeepTheOthersFromTheirTurn() {
        server.on("DELETE /sandboxes/a", 204, "");
        server.on("DELETE /sandboxes/b", 404, "{\"code\":404,\"message\":\"Sandbox \\\"b\\\" doesn't exist\"}");
        server.on("DELETE /sandboxes/c", 204, "");
        assertThat(commanded.skerry("kill", "a", "b", "c")).isEqualTo(125);
        assertThat(commanded.out()).isEqualTo("a\nc\n");
        assertThat(commanded.err())
                .isEqualTo("skerry: Sandbox \"b\" doesn't exist\nhint: './skerry ps' lists sandboxes\n");
        assertThat(commanded.host.killed).isEmpty();
    }

    @Test
    void pauseAndResumeSpeakTheSecondDialect() {
        server.on("POST /sandboxes/a/pause", 204, "");
        server.on("POST /sandboxes/a/pause", 409, "{\"code\":409,\"message\":\"sandbox 'a' is already paused\"}");
        server.on("POST /v2/sandboxes/a/connect", 201, "{}");
        assertThat(commanded.skerry("pause", "a")).isZero();
        assertThat(commanded.skerry("pause", "a")).isEqualTo(125);
        assertThat(commanded.err()).contains("is already paused");
        assertThat(commanded.skerry("resume", "--timeout", "1h", "a")).isZero();
        assertThat(server.asked("POST", "/v2/sandboxes/a/connect").getFirst().body())
                .isEqualTo("{\"timeout\":3600}");
    }

    @Test
    void wordsFromElsewhereMoveNoCursor() {
        server.on("GET /skerry/v1/events", 200, event(1, "ENDED", "\u001b[2J\r\nforged"));
        server.on("GET /skerry/v1/events", 200, "[]");
        assertThat(commanded.skerry("events")).isZero();
        assertThat(commanded.out()).endsWith("ended     requested      ?[2J??forged\n");
        server.on("GET /v2/sandboxes", 200, listed("one\\u001b[1A", "running"));
        assertThat(commanded.skerry("ps")).isZero();
        assertThat(commanded.out()).contains("one?[1A");
        server.on("POST /v2/sandboxes", 400, "{\"code\":400,\"message\":\"a\\u001b[1Ab\\nc\"}");
        assertThat(commanded.skerry("create")).isEqualTo(2);
        assertThat(commanded.err()).isEqualTo("skerry: a?[1Ab\nc\n");
    }

    private static String event(int sequence, String kind, String detail) {
        return "["
                + JsonMapper.shared()
                        .writeValueAsString(Map.of(
                                "sequence",
                                sequence,
                                "sandboxID",
                                "box",
                                "cause",
                                "requested",
                                "at",
                                "2026-01-01T00:00:00.000Z",
                                "kind",
                                kind,
                                "detail",
                                detail))
                + "]";
    }

    @Test
    void eventsAreReadToTheirEnd() {
        server.on("GET /skerry/v1/events", 200, event(3, "CREATED", "on host h"));
        server.on("GET /skerry/v1/events", 200, event(9, "ENDED", ""));
        server.on("GET /skerry/v1/events", 200, "[]");
        assertThat(commanded.skerry("events", "--after", "2")).isZero();
        assertThat(commanded.out().lines())
                .containsExactly(
                        "2026-01-01T00:00:00.000Z  box                        created   requested      on host h",
                        "2026-01-01T00:00:00.000Z  box                        ended     requested");
        assertThat(server.asked("GET", "/skerry/v1/events").stream().map(FakeE2b.Asked::query))
                .containsExactly("after=2&limit=100", "after=3&limit=100", "after=9&limit=100");
    }

    @Test
    void aSearchOfEventsGoesOnWhereNothingWasFound() {
        String events = "GET /skerry/v1/events";
        server.found(events, "[]", 5_000_000_000L, 7_000_000_000L);
        server.found(events, event(9, "ENDED", ""), 7_000_000_000L, 7_000_000_000L);
        server.found(events, "[]", 7_000_000_000L, 7_000_000_000L);
        assertThat(commanded.skerry("events", "--text", "x", "--after", "4000000000"))
                .isZero();
        assertThat(server.asked("GET", "/skerry/v1/events").stream().map(FakeE2b.Asked::query))
                .containsExactly(
                        "text=x&after=4000000000&limit=100",
                        "text=x&after=5000000000&limit=100",
                        "text=x&after=7000000000&limit=100");
        assertThat(commanded.skerry("events", "--after", "1k")).isEqualTo(2);
    }

    @Test
    void eventsOfAnotherTenantsSandboxAreNotLookedForInTheOwn() {
        server.found("GET /skerry/v1/events", event(1, "CREATED", ""), 1, 1);
        server.found("GET /skerry/v1/events", "[]", 1, 1);
        assertThat(commanded.skerry("events", "box", "--tenant", "acme")).isZero();
        assertThat(commanded.out()).contains("created");
        assertThat(server.asked("GET", "/skerry/v1/sandboxes/box/events")).isEmpty();
    }

    @Test
    void eventsOfOneSandboxAreObjectsForPrograms() {
        server.on("GET /skerry/v1/sandboxes/box/events", 200, event(1, "CREATED", ""));
        server.on("GET /skerry/v1/sandboxes/box/events", 200, "[]");
        assertThat(commanded.skerry("events", "--json", "box")).isZero();
        assertThat(json().get("sequence").asInt()).isEqualTo(1);
    }

    @Test
    void eventsAreFiltered() {
        server.on("GET /skerry/v1/sandboxes/box/events", 200, event(1, "CREATED", ""));
        server.on("GET /skerry/v1/events", 200, "[]");
        assertThat(commanded.skerry(
                        "events",
                        "box",
                        "--kind",
                        "ended",
                        "--kind",
                        "paused",
                        "--cause",
                        "out_of_memory",
                        "--by",
                        "k1",
                        "--tenant",
                        "acme",
                        "--text",
                        "a b",
                        "--since",
                        "2026-01-01T00:00:00+01:00",
                        "--until",
                        "1h"))
                .isZero();
        assertThat(server.asked("GET", "/skerry/v1/events").getFirst().query())
                .startsWith("tenant=acme&key=k1&text=a+b&kind=ended&kind=paused&cause=out_of_memory"
                        + "&since=2025-12-31T23%3A00%3A00Z&until=20")
                .endsWith("&sandbox=box&after=0&limit=100");
        assertThat(commanded.skerry("events", "--since", "yesterdayT")).isEqualTo(2);
    }

    @Test
    void followedEventsGoOnUntilTheServerIsGone() {
        server.on("GET /skerry/v1/events", 200, event(1, "CREATED", ""));
        server.on("GET /skerry/v1/events", 200, "[]");
        server.on("GET /skerry/v1/events", 200, event(2, "ENDED", ""));
        server.on("GET /skerry/v1/events", 503, "{\"code\":503,\"message\":\"the server is stopping\"}");
        assertThat(commanded.skerry("events", "-f")).isEqualTo(125);
        assertThat(commanded.out().lines()).hasSize(2);
        assertThat(commanded.err()).contains("the server is stopping");
    }

    @Test
    void followedLogsRepeatNothingAndEndWithTheSandbox() {
        String first = "{\"timestamp\":\"2026-01-01T00:00:00.001Z\",\"line\":\"one\"}";
        String twin = "{\"timestamp\":\"2026-01-01T00:00:00.002Z\",\"line\":\"two\"}";
        String path = "GET /sandboxes/" + ID + "/logs";
        server.on(path, 200, "{\"logs\":[" + first + "," + twin + "]}");
        server.on(path, 200, "{\"logs\":[" + twin + "]}");
        server.on(path, 200, "{\"logs\":[" + twin + "," + twin + "]}");
        server.on(path, 404, "{\"code\":404,\"message\":\"gone\"}");
        assertThat(commanded.skerry("logs", "-f", ID)).isZero();
        assertThat(commanded.out()).isEqualTo("one\ntwo\ntwo\n");
        assertThat(commanded.skerry("logs", ID))
                .as("of one that was never there")
                .isEqualTo(125);
    }

    @Test
    void whatIsFollowedStopsAtTheEndOfTheSandboxThoughItIsKept() {
        String line = "{\"level\":\"info\",\"message\":\"Sandbox %s\",\"event\":\"%s\"}";
        server.on(
                "GET /sandboxes/" + ID + "/logs",
                200,
                "{\"logs\":[{\"timestamp\":\"2026-01-01T00:00:00.001Z\",\"line\":%s},{\"timestamp\":%s,\"line\":%s}]}"
                        .formatted(
                                JsonMapper.shared().writeValueAsString(line.formatted("created", "created")),
                                "\"2026-01-01T00:00:00.002Z\"",
                                JsonMapper.shared().writeValueAsString(line.formatted("ended: GONE", "ended"))));
        assertThat(commanded.skerry("logs", "-f", ID)).isZero();
        assertThat(commanded.out()).isEqualTo("Sandbox created\nSandbox ended: GONE\n");
        server.on("GET /skerry/v1/sandboxes/" + ID + "/events", 200, event(1, "ended", "GONE"));
        assertThat(commanded.skerry("events", "-f", ID)).isZero();
        assertThat(commanded.out().lines()).hasSize(1);
    }

    @Test
    void whereThereIsNoSuchSandboxItIsSaidHowToFindOne() {
        server.on("GET /sandboxes/gone", 404, "{\"code\":404,\"message\":\"there is no sandbox\"}");
        assertThat(commanded.skerry("exec", "gone", "true")).isEqualTo(125);
        assertThat(commanded.err()).contains("there is no sandbox").contains("hint: './skerry ps' lists sandboxes");
    }

    @Test
    void aLogIsReadPageByPage() {
        String page = "{\"timestamp\":\"2026-01-01T00:00:00.%03dZ\",\"line\":\"line %d\"}";
        StringBuilder lines = new StringBuilder(page.formatted(0, 0));
        for (int i = 1; i < 1000; i++) {
            lines.append(',').append(page.formatted(i, i));
        }
        String path = "GET /sandboxes/" + ID + "/logs";
        server.on(path, 200, "{\"logs\":[" + lines + "]}");
        server.on(path, 200, "{\"logs\":[" + page.formatted(999, 999) + "," + page.formatted(999, 1000) + "]}");
        assertThat(commanded.skerry("logs", "-t", ID)).isZero();
        assertThat(commanded.out().lines())
                .hasSize(1001)
                .doesNotHaveDuplicates()
                .last()
                .asString()
                .endsWith("line 1000");
    }

    @Test
    void portsAreThoseOnWhichSomethingListens() {
        server.envd.tables = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0
               1: 0100007F:0050 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 1 1 0
              10: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:0 00 0
              11: 00000000000000000000000001000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:0 00 0
              junk: 0A 0A 0A
            """;
        assertThat(commanded.skerry("port", ID)).isZero();
        assertThat(commanded.out())
                .isEqualTo("3000 -> https://3000-" + ID + ".sbx.test:8443\n8080 -> https://8080-" + ID
                        + ".sbx.test:8443\n");
        assertThat(commanded.skerry("port", ID, "3000")).isZero();
        assertThat(commanded.out()).isEqualTo("https://3000-" + ID + ".sbx.test:8443\n");
        assertThat(commanded.skerry("port", ID, "80")).isEqualTo(125);
        assertThat(commanded.err()).contains("nothing listens on port 80").contains("[3000, 8080]");
    }

    @Test
    void aFileNamedLikeAnArgumentIsNotReadForMore() throws IOException {
        Path file = Files.writeString(data.resolve("words"), "--json");
        assertThat(commanded.skerry("run", "--", "x", "@" + file)).isZero();
        assertThat(commanded.host.started.getFirst().words()).containsExactly("x", "@" + file);
    }
}

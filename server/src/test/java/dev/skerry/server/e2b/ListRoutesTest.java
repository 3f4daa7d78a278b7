package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.e2b.E2bServer.Answer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListRoutesTest {
    private E2bServer server;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        server = new E2bServer(folder);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private String create(String body) throws Exception {
        server.clock.pass(Duration.ofSeconds(1));
        return server.create(body);
    }

    private static List<String> ids(Answer answer) {
        List<String> ids = new ArrayList<>();
        answer.is(200).body().forEach(each -> ids.add(each.get("sandboxID").stringValue()));
        return ids;
    }

    @Test
    void pagesFollowOneAnotherInBothOrders() throws Exception {
        List<String> made = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            made.add(create("{}"));
        }
        for (String order : List.of("asc", "desc", "DESC", "")) {
            List<String> seen = new ArrayList<>();
            Optional<String> token = Optional.empty();
            int pages = 0;
            do {
                Answer page = server.get("/v2/sandboxes?limit=2&order=" + order
                        + token.map(text -> "&nextToken=" + text).orElse(""));
                seen.addAll(ids(page));
                token = page.header("X-Next-Token");
                assertThat(page.header("X-Total-Running")).contains("5");
                pages++;
            } while (token.isPresent());
            assertThat(pages).isEqualTo(3);
            assertThat(seen).isEqualTo(order.equals("asc") ? made : made.reversed());
        }
    }

    @Test
    void aTokenIsGoodForItsOrderOnly() throws Exception {
        create("{}");
        create("{}");
        String token = server.get("/v2/sandboxes?limit=1&order=desc")
                .header("X-Next-Token")
                .orElseThrow();
        server.get("/v2/sandboxes?limit=1&nextToken=" + token).is(200);
        server.get("/v2/sandboxes?limit=1&order=asc&nextToken=" + token).fails(400, "'nextToken' is not of this list");
    }

    @Test
    void statesAreSeparatedByCommas() throws Exception {
        String runs = create("{}");
        String paused = create("{}");
        server.send("POST", "/sandboxes/" + paused + "/pause", "{}").is(204);
        assertThat(ids(server.get("/v2/sandboxes?state=running"))).containsExactly(runs);
        assertThat(ids(server.get("/v2/sandboxes?state=paused"))).containsExactly(paused);
        for (String all : List.of("", "?state=running,paused", "?state=paused&state=running", "?state=")) {
            assertThat(ids(server.get("/v2/sandboxes" + all))).containsExactly(paused, runs);
        }
        assertThat(server.get("/v2/sandboxes").header("X-Total-Running")).contains("1");
        assertThat(ids(server.get("/sandboxes"))).containsExactly(runs);
    }

    @Test
    void metadataIsDecodedTwice() throws Exception {
        String wanted = create("{\"metadata\":{\"a b\":\"c&d\",\"e\":\"f\"}}");
        create("{\"metadata\":{\"a b\":\"other\"}}");
        // As the official client sends { 'a b': 'c&d' }.
        assertThat(ids(server.get("/v2/sandboxes?metadata=a%252520b%3Dc%252526d")))
                .containsExactly(wanted);
        assertThat(ids(server.get("/sandboxes?metadata=a%252520b%3Dc%252526d%26e%3Df")))
                .containsExactly(wanted);
        assertThat(ids(server.get("/v2/sandboxes?metadata=a%252520b%3Dc%252526d%26e%3Dg")))
                .isEmpty();
    }

    @Test
    void theStartIsComparedWithAnyOffset() throws Exception {
        create("{}");
        server.clock.pass(Duration.ofHours(1));
        String later = create("{}");
        for (String time : List.of(
                "2026-05-01T10:30:00Z",
                "2026-05-01T10:30:00.000Z",
                "2026-05-01T12:30:00%2B02:00",
                "2026-05-01T12:30:00+02:00",
                "2026-05-01T08:30:00-02:00")) {
            assertThat(ids(server.get("/v2/sandboxes?startedAfter=" + time)))
                    .as(time)
                    .containsExactly(later);
        }
    }

    @Test
    void aTemplateIsFoundByItsIdAndByTheNameThatWasAskedFor() throws Exception {
        String base = create("{}");
        String interpreter = create("{\"templateID\":\"code-interpreter-v1\"}");
        assertThat(ids(server.get("/v2/sandboxes?template=code-interpreter-v1")))
                .containsExactly(interpreter);
        assertThat(ids(server.get("/v2/sandboxes?template=base"))).containsExactly(interpreter, base);
        assertThat(ids(server.get("/v2/sandboxes?template=none"))).isEmpty();
    }

    @Test
    void theOlderListHasAllThatRun() throws Exception {
        for (int i = 0; i < 101; i++) {
            server.create("{}");
        }
        assertThat(ids(server.get("/sandboxes"))).hasSize(101).doesNotHaveDuplicates();
        assertThat(ids(server.get("/v2/sandboxes"))).hasSize(100);
    }
}

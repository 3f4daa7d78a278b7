package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WebhooksCommandTest {
    private final Commanded commanded = new Commanded();
    private FakeE2b server;

    @BeforeEach
    void open() throws IOException {
        server = new FakeE2b();
        commanded.environment.put("E2B_API_URL", server.url());
        commanded.environment.put("E2B_API_KEY", FakeE2b.KEY);
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void oneIsMadeListedTriedOutAndRemoved() {
        server.on("POST /events/webhooks", 201, "{\"id\":\"w1\",\"signatureSecret\":\"s3cret\"}");
        assertThat(commanded.skerry(
                        "webhooks", "create", "ci", "https://x.org/", "--events", "sandbox.lifecycle.killed"))
                .isZero();
        assertThat(commanded.out()).isEqualTo("w1\ns3cret\n");
        assertThat(server.asked("POST", "/events/webhooks").getLast().body())
                .isEqualTo("{\"name\":\"ci\",\"url\":\"https://x.org/\",\"events\":[\"sandbox.lifecycle.killed\"]}");
        server.on("GET /events/webhooks", 200, """
                [{"id":"w1","name":"ci","url":"https://x.org/","enabled":true,
                  "skerry":{"state":"retrying","lastError":"the answer was 500"}}]""");
        assertThat(commanded.skerry("webhooks", "list")).isZero();
        assertThat(commanded.out()).contains("w1", "retrying", "the answer was 500");
        server.on("POST /skerry/v1/webhooks/w1/test", 200, "{\"delivered\":false,\"error\":\"the answer was 500\"}");
        assertThat(commanded.skerry("webhooks", "test", "w1")).isEqualTo(1);
        assertThat(commanded.out()).isEqualTo("not delivered: the answer was 500\n");
        server.on("GET /skerry/v1/webhooks/w1/deliveries", 200, """
                [{"at":"2026-01-01T00:00:00Z","type":"t","sandboxID":"","status":500,"millis":12,"error":"bad"}]""");
        assertThat(commanded.skerry("webhooks", "deliveries", "w1")).isZero();
        assertThat(commanded.out()).contains("500", "12", "bad");
        server.on("DELETE /events/webhooks/w1", 200, "");
        assertThat(commanded.skerry("webhooks", "rm", "w1")).isZero();
        assertThat(commanded.skerry("webhooks", "rm", "../w1")).isEqualTo(2);
    }
}

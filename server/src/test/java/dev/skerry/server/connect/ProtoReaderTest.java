package dev.skerry.server.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ProtoReaderTest {
    private static final Schema SCHEMA = Schema.parse("test.proto", """
            syntax = "proto3";
            package test; // a comment; with = signs
            import "google/protobuf/timestamp.proto";
            service Echo {
              rpc One(All) returns (All);
              rpc Many(stream All) returns (stream All);
            }
            enum Color { NONE = 0; RED = 7; }
            message All {
              string text = 1;
              optional uint32 count = 2;
              oneof choice {
                bytes raw = 3;
                Inner inner = 4;
              }
              repeated string words = 5;
              map<string, string> names = 6;
              google.protobuf.Timestamp made_at = 7;
              int64 big = 8;
              Color color = 9;
              sint32 small = 10;
              message Inner { bool good = 1; }
            }
            """);

    private static Message decode(Codec codec, String text) {
        return codec.decode(
                text.getBytes(StandardCharsets.UTF_8),
                SCHEMA.message("All").build().content().getDescriptorForType());
    }

    private static Message full() {
        return SCHEMA.message("All")
                .set("text", "ü")
                .set("count", 0)
                .set("raw", ByteBuffer.wrap(new byte[] {-1, -2}))
                .add("words", "a")
                .add("words", "b")
                .put("names", "k", "v")
                .set("made_at", Instant.parse("2026-01-02T03:04:05.5Z"))
                .set("big", 1L << 60)
                .set("color", 7)
                .set("small", -1)
                .build();
    }

    @Test
    void messagesHaveTheirJsonForm() {
        assertThat(new String(Codec.JSON.encode(full()), StandardCharsets.UTF_8))
                .isEqualTo(
                        "{\"text\":\"ü\",\"count\":0,\"raw\":\"//4=\",\"words\":[\"a\",\"b\"],\"names\":{\"k\":\"v\"},"
                                + "\"madeAt\":\"2026-01-02T03:04:05.500Z\",\"big\":\"1152921504606846976\","
                                + "\"color\":\"RED\","
                                + "\"small\":-1}");
    }

    @Test
    void bothFormsAreReadAsTheyAreWritten() {
        for (Codec codec : Codec.values()) {
            Message back = codec.decode(codec.encode(full()), full().content().getDescriptorForType());
            assertThat(back.content()).isEqualTo(full().content());
            assertThat(back.map("names")).containsExactly(org.assertj.core.api.Assertions.entry("k", "v"));
            assertThat(back.number("big")).isEqualTo(1L << 60);
            assertThat(back.choice("color")).isEqualTo(7);
            assertThat(back.has("count")).isTrue();
            assertThat(back.has("inner")).isFalse();
        }
    }

    @Test
    void jsonIsReadInAllItsForms() {
        Message message = decode(
                Codec.JSON,
                "{\"made_at\":\"2026-01-02T03:04:05Z\",\"raw\":\"__4\",\"big\":5,\"color\":7,\"unknown\":{\"x\":[1]},"
                        + "\"text\":null}");
        assertThat(message.bytes("raw")).containsExactly(-1, -2);
        assertThat(message.number("big")).isEqualTo(5);
        assertThat(message.choice("color")).isEqualTo(7);
        assertThat(message.text("text")).isEmpty();
        assertThat(message.has("made_at")).isTrue();
        assertThat(decode(Codec.JSON, "{\"inner\":{\"good\":true}}")
                        .message("inner")
                        .flag("good"))
                .isTrue();
        assertThat(decode(Codec.JSON, "").text("text")).isEmpty();
    }

    @Test
    void whatIsNoMessageIsRefused() {
        for (String text : new String[] {"{", "[]", "{\"big\":\"x\"}", "{\"raw\":\"a\",\"inner\":{}}", "7"}) {
            assertThatThrownBy(() -> decode(Codec.JSON, text)).as(text).isInstanceOf(RpcError.class);
        }
        assertThatThrownBy(() -> decode(Codec.BINARY, "\n\u007f")).isInstanceOf(RpcError.class);
    }

    @Test
    void methodsKnowWhatTheyStream() {
        assertThat(SCHEMA.methods()).containsOnlyKeys("/test.Echo/One", "/test.Echo/Many");
        assertThat(SCHEMA.methods().get("/test.Echo/Many").isClientStreaming()).isTrue();
        assertThatThrownBy(() -> new ConnectServer.Builder<String>()
                        .unary(SCHEMA, "/test.Echo/Many", (caller, request) -> request))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aFileThatIsNotUnderstoodIsRefused() {
        for (String text :
                new String[] {"message A { string x = 1 }", "message A {", "extend A {}", "message A { B b = 1; }"}) {
            assertThatThrownBy(() -> Schema.parse("bad.proto", text))
                    .as(text)
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void anUnknownFieldIsOurMistake() {
        assertThatThrownBy(() -> full().text("nope")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SCHEMA.message("All.Nope")).isInstanceOf(IllegalArgumentException.class);
    }
}

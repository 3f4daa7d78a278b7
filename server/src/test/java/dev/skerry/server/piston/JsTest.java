package dev.skerry.server.piston;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.settings.PistonSettings;
import dev.skerry.wire.Failure;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class JsTest {
    private static final String LARGE = "1" + "0".repeat(400);

    private static JsonNode json(String text) {
        return Exchange.JSON.readTree(text);
    }

    @Test
    void aWholeNumberOfManyDigitsIsInfinite() {
        assertThat(Js.falsy(json(LARGE))).isFalse();
        assertThat(Js.text(json("-" + LARGE))).isEqualTo("-Infinity");
        assertThatThrownBy(() -> new LimitTable(PistonSettings.DEFAULT, "python", 1 << 30, 0)
                        .check(json("{\"run_timeout\":" + LARGE + "}")))
                .isInstanceOf(Failure.class)
                .hasMessage("run_timeout cannot exceed the configured limit of 3000");
        assertThatThrownBy(() -> Wishes.read(json("{\"priority\":" + LARGE + "}")))
                .isInstanceOf(Failure.class)
                .hasMessage("skerry.priority must be a whole number from -10 to 10");
    }
}

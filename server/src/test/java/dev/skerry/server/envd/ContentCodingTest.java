package dev.skerry.server.envd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContentCodingTest {
    @ParameterizedTest
    @ValueSource(strings = {"gzip", "GZIP;q=0.5", "deflate, gzip", "identity;q=0, *", "identity;q=0.2, gzip;q=0.3"})
    void packedWhenAskedFor(String header) {
        assertThat(ContentCoding.gzip(Optional.of(header))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "identity", "*", "br", "gzip;q=0", "identity, gzip;q=0.5", "gzip;q=0, identity;q=0.1"})
    void plainOtherwise(String header) {
        assertThat(ContentCoding.gzip(Optional.of(header))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"identity;q=0", "*;q=0", "br, identity;q=0", "gzip;q=0, identity;q=0"})
    void nothingWhenBothAreRefused(String header) {
        assertThatThrownBy(() -> ContentCoding.gzip(Optional.of(header))).isInstanceOf(RestError.class);
    }

    @Test
    void plainWhenNothingIsSaid() {
        assertThat(ContentCoding.gzip(Optional.empty())).isFalse();
    }
}

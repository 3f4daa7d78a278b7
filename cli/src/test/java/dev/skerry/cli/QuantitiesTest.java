package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.Quantity;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class QuantitiesTest {
    @ParameterizedTest
    @CsvSource({
        "1048576, 1048576",
        "0, 0",
        "1k, 1024",
        "512m, 536870912",
        "512M, 536870912",
        "1g, 1073741824",
        "1.5g, 1610612736",
        "512MiB, 536870912",
        "64kb, 65536",
        "7b, 7",
        "2 g, 2147483648",
        "1t, 1099511627776"
    })
    void sizesAreInPowersOf1024(String text, long bytes) {
        assertThat(new Quantities.Bytes().convert(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "m", "-1", "1x", "1mm", "0x10", "1e3", "NaN", "999999999999999t", "1,5g", "٣m"})
    void otherSizesAreRefusedByName(String text) {
        assertThatThrownBy(() -> new Quantities.Bytes().convert(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("'" + text + "'")
                .hasMessageContaining("512m");
    }

    @ParameterizedTest
    @CsvSource({
        "10s, 10000",
        "1500ms, 1500",
        "10, 10000",
        "1.5s, 1500",
        "2m, 120000",
        "1h, 3600000",
        "30d, 2592000000",
        "36500d, 3153600000000",
        "0.001, 1"
    })
    void timesAreSecondsUnlessTheySayOtherwise(String text, long millis) {
        assertThat(new Quantities.Time().convert(text)).isEqualTo(Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "0s", "-1s", "10 parsecs", "1w", "s", "36501d", "4000000h", "99999999999999"})
    void otherTimesAreRefused(String text) {
        assertThatThrownBy(() -> new Quantities.Time().convert(text)).isInstanceOf(TypeConversionException.class);
    }

    @ParameterizedTest
    @CsvSource({"1, 1000", "0.5, 500", "2, 2000", "0.0126, 13", "1000, 1000000"})
    void cpusAreThousandths(String text, int millis) {
        assertThat(new Quantities.Cpus().convert(text)).isEqualTo(millis);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "half", "1 cpu", "1001", "-1", "500m"})
    void otherCpusAreRefused(String text) {
        assertThatThrownBy(() -> new Quantities.Cpus().convert(text)).isInstanceOf(TypeConversionException.class);
    }

    @Test
    void quantitiesAreWrittenForReaders() {
        assertThat(Quantity.ofBytes(512)).isEqualTo("512 bytes");
        assertThat(Quantity.ofBytes(64 << 20)).isEqualTo("64 MiB");
        assertThat(Quantity.ofBytes(1_600_000)).isEqualTo("1.5 MiB");
        assertThat(Quantity.ofTime(Duration.ofMillis(250))).isEqualTo("250 ms");
        assertThat(Quantity.ofTime(Duration.ofMillis(1500))).isEqualTo("1.5 s");
        assertThat(Quantity.ofTime(Duration.ofSeconds(10))).isEqualTo("10 s");
        assertThat(Quantity.ofTime(Duration.ofMinutes(5))).isEqualTo("5 min");
        assertThat(Quantity.ofTime(Duration.ofSeconds(185))).isEqualTo("3 min 5 s");
        assertThat(Quantity.ofTime(Duration.ofDays(90))).isEqualTo("90 d");
    }
}

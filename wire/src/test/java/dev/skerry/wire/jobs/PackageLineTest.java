package dev.skerry.wire.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PackageLineTest {
    private static final String DIGEST = "0123456789abcdef".repeat(4);

    @Test
    void aLineIsReadAsItIsWritten() {
        PackageLine line = new PackageLine("c++", "12.2.0", DIGEST, "c-12.2.0-0123456789ab.tar");
        assertThat(line.text()).isEqualTo("c++,12.2.0," + DIGEST + ",c-12.2.0-0123456789ab.tar");
        assertThat(PackageLine.parse(line.text() + " ")).contains(line);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "lua,5.4.6", "lua,5.4.6,abc,lua.tar", "Lua,5.4.6,DIGEST,a.tar", "lua,5.4.6,DIGEST,../a"})
    void whatIsNoLineIsNone(String text) {
        assertThat(PackageLine.parse(text.replace("DIGEST", DIGEST))).isEmpty();
    }

    @Test
    void oneVersionOfALanguageIsThereOnce() {
        PackageLine line = new PackageLine("c", "12.2.0", DIGEST, "a.tar");
        assertThat(line.replaces(new PackageLine("c", "12.2.0", "f".repeat(64), "b.tar")))
                .isTrue();
        assertThat(line.replaces(new PackageLine("c", "12.2.1", DIGEST, "a.tar")))
                .isFalse();
        assertThat(line.replaces(new PackageLine("c++", "12.2.0", DIGEST, "a.tar")))
                .isFalse();
    }

    @Test
    void commentsSayNothing() {
        assertThat(PackageLine.saysNothing("# language,version")).isTrue();
        assertThat(PackageLine.saysNothing("  ")).isTrue();
        assertThat(PackageLine.saysNothing("lua")).isFalse();
    }
}

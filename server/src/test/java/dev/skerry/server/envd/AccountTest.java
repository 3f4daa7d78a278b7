package dev.skerry.server.envd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.connect.RpcError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccountTest {
    private static final Account ANN = new Account("ann", 1001, 1001, "/home/ann", "/bin/sh");

    @ParameterizedTest
    @CsvSource({
        "'',/home/ann",
        "~,/home/ann",
        "~/x,/home/ann/x",
        "x/../y/./z/,/home/ann/y/z",
        "../../../..,/",
        "/a//b/../c,/a//b/../c",
        "x~,/home/ann/x~"
    })
    void pathsBeginAtTheHome(String path, String resolved) {
        assertThat(ANN.resolve(path)).isEqualTo(resolved);
    }

    @Test
    void homesOfOthersAndZeroBytesAreRefused() {
        assertThatThrownBy(() -> ANN.resolve("~bob/x")).isInstanceOf(RpcError.class);
        assertThatThrownBy(() -> ANN.resolve("a\0b")).isInstanceOf(RpcError.class);
    }

    @ParameterizedTest
    @CsvSource({"/,/,/", "/a,a,/", "/a/b/,b,/a", "/a/b/..,a,/"})
    void namesAndParentsAreThoseOfTheWholePath(String path, String name, String parent) {
        assertThat(Account.baseName(path)).isEqualTo(name);
        assertThat(Account.parent(path)).isEqualTo(parent);
    }

    @Test
    void aHomeThatIsNoPathIsTheRoot() {
        assertThat(new Account("x", 1, 1, "", "").home()).isEqualTo("/");
    }
}

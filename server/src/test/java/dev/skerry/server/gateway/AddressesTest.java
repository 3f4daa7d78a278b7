package dev.skerry.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.SandboxId;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressesTest {
    private static final String ID = "0123456789abcdefghijklmno";
    private final Addresses addresses = new Addresses("Sbx.localhost:8443", Set.of("Box.Example"));

    private Destination of(String host) {
        return addresses.decide(host, List.of(), List.of());
    }

    private static Destination.Port port(int port) {
        return new Destination.Port(new SandboxId(ID), port);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.0.0.1:3000",
                "10.1.2.3:80",
                "[::1]",
                "[::1]:8443",
                "localhost",
                "LOCALHOST:3000",
                "localhost.",
                "api.sbx.localhost",
                "api.sbx.localhost:8443",
                "API.SBX.LOCALHOST.:1",
                "box.example",
                "sandbox.sbx.localhost",
                "[fe80::1]:80"
            })
    void theApiIsAtItsOwnNamesAndAtAddresses(String host) {
        assertThat(of(host)).isEqualTo(new Destination.Api());
    }

    @Test
    void aPortOfASandboxHasANameOfItsOwn() {
        assertThat(of("3000-" + ID + ".sbx.localhost:8443")).isEqualTo(port(3000));
        assertThat(of("1-" + ID + ".sbx.localhost")).isEqualTo(port(1));
        assertThat(of("65535-" + ID + ".sbx.localhost.")).isEqualTo(port(65_535));
        assertThat(of("80-" + ID.toUpperCase(Locale.ROOT) + ".SBX.localhost:1")).isEqualTo(port(80));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "sbx.localhost",
                "www.sbx.localhost",
                "evil.example",
                "evil.example:8443",
                "+80-" + ID + ".sbx.localhost",
                "-80-" + ID + ".sbx.localhost",
                "80-.sbx.localhost",
                "80--" + ID + ".sbx.localhost",
                "80-" + ID + "-.sbx.localhost",
                "80-" + ID + ".a.sbx.localhost",
                "a.80-" + ID + ".sbx.localhost",
                "80-" + ID + ".sbx.localhost.evil.example",
                "80-" + ID + ".evilsbx.localhost",
                "80-" + ID,
                "80_" + ID + ".sbx.localhost",
                "٣-" + ID + ".sbx.localhost",
                "localhost.evil.example",
                "127.0.0.1.evil.example",
                "api.sbx.localhost.evil.example",
                "localhost:80:80",
                "user@localhost",
                "localhost/",
                "[::1",
                "127.0.0.1]",
                "api..sbx.localhost",
                "sandbox.sbx.localhost..",
                "1e1-" + ID + ".sbx.localhost"
            })
    void everyOtherNameIsMisdirected(String host) {
        assertThat(of(host)).isInstanceOfSatisfying(Destination.Refused.class, refused -> {
            assertThat(refused.status()).isEqualTo(421);
            assertThat(refused.message()).contains("PORT-ID.sbx.localhost", "api.sbx.localhost");
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0123",
                "i4a2k9",
                "izq1k2hn5yzwhydgdz0ae",
                "izq1k2hn5yzwhydgdz0ae-6532622b",
                ID + "x",
                "zzzzzzzzzzzzzzzzzzzzzzzzz"
            })
    void anIdThatIsNoneOfOursIsThatOfAnUnknownSandbox(String id) {
        Destination unknown = new Destination.Unknown(id);
        assertThat(of("80-" + id + ".sbx.localhost:8443")).isEqualTo(unknown);
        assertThat(addresses.decide("localhost", List.of(id.toUpperCase(Locale.ROOT)), List.of("80")))
                .isEqualTo(unknown);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "65536", "08", "99999999999999999999"})
    void aPortThatIsNoneIsABadRequest(String port) {
        for (String id : List.of(ID, "0123")) {
            assertThat(of(port + "-" + id + ".sbx.localhost"))
                    .isInstanceOfSatisfying(Destination.Refused.class, refused -> {
                        assertThat(refused.status()).isEqualTo(400);
                        assertThat(refused.message()).contains("write 1 to 65535");
                    });
        }
    }

    @Test
    void whatAClientSaysIsNotRepeatedAsMarkup() {
        assertThat(((Destination.Refused) of("<script>.example")).message()).doesNotContain("<", ">");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:3000", "localhost", "[::1]", "sandbox.sbx.localhost", "api.sbx.localhost"})
    void atAnAddressTheHeadersNameTheSandbox(String host) {
        assertThat(addresses.decide(host, List.of(ID), List.of("49983"))).isEqualTo(port(49_983));
    }

    @Test
    void atASandboxsOwnNameTheHeadersSayNothing() {
        String host = "3000-" + ID + ".sbx.localhost";
        assertThat(addresses.decide(host, List.of("000000000000000000000000z"), List.of("49983")))
                .isEqualTo(port(3000));
        assertThat(addresses.decide(host, List.of(), List.of("49983"))).isEqualTo(port(3000));
    }

    @Test
    void theHeadersGoTogether() {
        for (Destination one : List.of(
                addresses.decide("localhost", List.of(ID), List.of()),
                addresses.decide("localhost", List.of(), List.of("80")))) {
            assertThat(one).isInstanceOfSatisfying(Destination.Refused.class, refused -> {
                assertThat(refused.status()).isEqualTo(400);
                assertThat(refused.message()).startsWith("missing header");
            });
        }
    }

    @Test
    void headersThatNameNothingAreRefused() {
        for (List<String> ids : List.of(
                List.of("-x"),
                List.of("x_y"),
                List.of(""),
                List.of(ID, ID),
                List.of(ID + " "),
                List.of("x".repeat(64)))) {
            assertThat(addresses.decide("localhost", ids, List.of("80"))).isInstanceOf(Destination.Refused.class);
        }
        for (String port : List.of("", "0", "65536", "+80", "080", "8 0", "80 ", "-1", "0x50", "٣")) {
            assertThat(addresses.decide("localhost", List.of(ID), List.of(port)))
                    .as(port)
                    .isInstanceOf(Destination.Refused.class);
        }
        assertThat(addresses.decide("localhost", List.of(ID), List.of("80", "81")))
                .isInstanceOf(Destination.Refused.class);
    }
}

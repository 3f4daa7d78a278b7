package dev.skerry.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.SandboxId;
import java.util.List;
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
        assertThat(of("80-" + ID.toUpperCase(java.util.Locale.ROOT) + ".SBX.localhost:1"))
                .isEqualTo(port(80));
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
                "0-" + ID + ".sbx.localhost",
                "65536-" + ID + ".sbx.localhost",
                "08-" + ID + ".sbx.localhost",
                "+80-" + ID + ".sbx.localhost",
                "-80-" + ID + ".sbx.localhost",
                "80-" + ID + "x.sbx.localhost",
                "80-0123.sbx.localhost",
                "80-" + ID + ".a.sbx.localhost",
                "a.80-" + ID + ".sbx.localhost",
                "80-" + ID + ".sbx.localhost.evil.example",
                "80-" + ID + ".evilsbx.localhost",
                "80-" + ID,
                "99999999999999999999-" + ID + ".sbx.localhost",
                "80_" + ID + ".sbx.localhost",
                "80-zzzzzzzzzzzzzzzzzzzzzzzzz.sbx.localhost",
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
        for (List<String> ids : List.of(List.of("x"), List.of(""), List.of(ID, ID), List.of(ID + " "))) {
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

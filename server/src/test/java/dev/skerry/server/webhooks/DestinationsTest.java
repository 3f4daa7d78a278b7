package dev.skerry.server.webhooks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.settings.Networks;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DestinationsTest {
    private final Destinations internet = new Destinations(Networks.NONE);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.9.9.9",
                "0.0.0.0",
                "10.1.2.3",
                "100.64.0.1",
                "169.254.169.254",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.1.1",
                "192.0.0.8",
                "198.18.0.1",
                "203.0.113.9",
                "224.0.0.1",
                "255.255.255.255",
                "::1",
                "::",
                "::ffff:10.0.0.1",
                "::10.0.0.1",
                "fe80::1",
                "fec0::1",
                "fd00::1",
                "ff02::1",
                "64:ff9b::10.0.0.1",
                "64:ff9b::7f00:1",
                "2002:7f00:1::1",
                "2002:a00:1::1",
                "2001:0:1::1",
                "2001:db8::1"
            })
    void whatIsNotOfTheInternetIsForbidden(String address) {
        assertThat(internet.forbidden(InetAddress.ofLiteral(address))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.1.1.1",
                "172.32.0.1",
                "100.128.0.1",
                "192.0.1.1",
                "2606:4700:4700::1111",
                "64:ff9b::1.1.1.1",
                "2002:101:101::1"
            })
    void whatIsOfTheInternetIsNot(String address) {
        assertThat(internet.forbidden(InetAddress.ofLiteral(address))).isFalse();
    }

    @Test
    void noAddressOfThisMachineIsReachedUnlessASettingSaysSo() throws Exception {
        List<InetAddress> own = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .toList();
        assertThat(own).isNotEmpty().allMatch(internet::forbidden);
        Destinations allowed = new Destinations(Networks.parse("0.0.0.0/0, ::/0"));
        assertThat(own).noneMatch(allowed::forbidden);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "ftp://example.org/",
                "file:///etc/passwd",
                "http://user@example.org/",
                "http://user:word@example.org/",
                "http://example.org/#part",
                "http:///path",
                "http://example.org:0/",
                "http://example.org:70000/",
                "http://exa mple.org/",
                "http://example.org/\r\nX: y",
                "http://exämple.org/"
            })
    void whatIsNoUrlToPostToIsRefused(String text) {
        assertThatThrownBy(() -> Destinations.parse(text)).hasMessageContaining("'url' is not a URL");
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://2130706433/", "http://127.1/", "http://localhost/", "http://[::1]:80/"})
    void otherWaysToWriteTheLoopbackLeadNowhere(String text) {
        assertThatThrownBy(() -> internet.resolve(Destinations.parse(text)))
                .hasMessageMatching(".*(may not reach|does not resolve|is not a URL).*");
    }

    @Test
    void networksAreReadAndRefusedByName() {
        assertThat(Networks.parse(" 10.0.0.0/8,fd00::/8 ")).hasToString("10.0.0.0/8, fd00:0:0:0:0:0:0:0/8");
        assertThat(Networks.parse("")).isEqualTo(Networks.NONE);
        for (String text : List.of("10.0.0.0", "10.0.0.0/33", "x/8", "example.org/8", "10.0.0.0/-1")) {
            assertThatThrownBy(() -> Networks.parse(text)).hasMessage("'" + text + "' is not a network");
        }
    }
}

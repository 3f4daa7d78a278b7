package dev.skerry.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WhereToListenTest {
    @Test
    void aPortInUseIsNamed() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            Listener listener = new Listener("127.0.0.1", taken.getLocalPort(), Optional.empty());
            assertThatThrownBy(() -> HttpServer.open(List.of(listener), exchange -> exchange.empty(204)))
                    .isInstanceOfSatisfying(Failure.class, failure -> {
                        assertThat(failure.code()).isEqualTo(ErrorCode.CONFLICT);
                        assertThat(failure).hasMessageContaining("127.0.0.1:" + taken.getLocalPort());
                        assertThat(failure.hint()).hasValue("another program has the port: name a free one");
                    });
        }
    }

    @Test
    void anAddressThatThisMachineDoesNotHaveIsNotSaidToBeTaken() {
        Listener listener = new Listener("192.0.2.1", 0, Optional.empty());
        assertThatThrownBy(() -> HttpServer.open(List.of(listener), exchange -> exchange.empty(204)))
                .isInstanceOfSatisfying(
                        Failure.class,
                        failure -> assertThat(failure.hint().orElse("")).contains("an address of this machine"));
    }
}

package dev.skerry.e2e;

import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The same scenarios with the last SDK that speaks the dialect without /v2. Over TLS only: the ways to reach the server
 * are the same, and {@link JsSdkIT} takes both.
 */
@ExtendWith(SharedServer.class)
class JsSdkOldIT {
    @TestFactory
    List<DynamicTest> overTlsHosts(ShippedServer server, Clients clients) {
        return JsSdkIT.run(Pass.TLS, server, clients, clients.oldJs());
    }
}

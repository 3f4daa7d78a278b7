package dev.skerry.e2e;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/** The clients of Piston's API: both of npm, and a WebSocket. */
@ExtendWith(SharedServer.class)
class PistonIT {
    @TestFactory
    List<DynamicTest> withTheKeyInTheBaseUrl(ShippedServer server, Clients clients) {
        Map<String, String> environment = Pass.HTTP.environment(server);
        environment.putAll(Clients.modulesOf(clients.piston()));
        return Suite.tests(clients.javascript(JsSdkIT.PROGRAM, List.of("piston")), environment);
    }
}

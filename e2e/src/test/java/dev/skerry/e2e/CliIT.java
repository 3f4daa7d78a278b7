package dev.skerry.e2e;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/** The command line tool {@code e2b}, with the lines of environment that the server prints. */
@ExtendWith(SharedServer.class)
class CliIT {
    @TestFactory
    List<DynamicTest> withTheLinesThatTheServerPrints(ShippedServer server, Clients clients) {
        Map<String, String> environment = Pass.PASTED.environment(server);
        environment.putAll(Clients.modulesOf(clients.js()));
        environment.put(
                "SKERRY_E2E_CLI",
                clients.js().resolve("node_modules/@e2b/cli/dist/index.js").toString());
        return Suite.tests(clients.javascript(JsSdkIT.PROGRAM, List.of("cli")), environment);
    }
}

package dev.skerry.e2e;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/** Running code with state, through the package that adds it to the SDK. */
@ExtendWith(SharedServer.class)
class CodeInterpreterIT {
    private static final List<String> TOPICS = List.of("interpreter", "results");

    @TestFactory
    List<DynamicTest> javascriptOverOneHttpOrigin(ShippedServer server, Clients clients) {
        return javascript(Pass.HTTP, server, clients);
    }

    @TestFactory
    List<DynamicTest> javascriptOverTlsHosts(ShippedServer server, Clients clients) {
        return javascript(Pass.TLS, server, clients);
    }

    @TestFactory
    List<DynamicTest> pythonOverOneHttpOrigin(ShippedServer server, Clients clients) {
        return PythonSdkIT.run(Pass.HTTP, server, clients, List.of("interpreter_sync", "interpreter_async"));
    }

    private static List<DynamicTest> javascript(Pass pass, ShippedServer server, Clients clients) {
        Map<String, String> environment = pass.environment(server);
        environment.putAll(Clients.modulesOf(clients.js()));
        return Suite.tests(clients.javascript(JsSdkIT.PROGRAM, TOPICS), environment);
    }
}

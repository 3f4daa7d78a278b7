package dev.skerry.e2e;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/** The SDK for JavaScript, whose current dialect is /v2, over one http origin and over the TLS wildcard. */
@ExtendWith(SharedServer.class)
class JsSdkIT {
    static final Path PROGRAM = Suite.FOLDER.resolve("js/run.cjs");
    static final List<String> TOPICS = List.of(
            "sandbox",
            "pause",
            "list",
            "commands",
            "processes",
            "pty",
            "files",
            "uploads",
            "watch",
            "urls",
            "git",
            "templates",
            "notyet");

    @TestFactory
    List<DynamicTest> overOneHttpOrigin(ShippedServer server, Clients clients) {
        return run(Pass.HTTP, server, clients, clients.js());
    }

    @TestFactory
    List<DynamicTest> overTlsHosts(ShippedServer server, Clients clients) {
        return run(Pass.TLS, server, clients, clients.js());
    }

    static List<DynamicTest> run(Pass pass, ShippedServer server, Clients clients, Path modules) {
        Map<String, String> environment = pass.environment(server);
        environment.putAll(Clients.modulesOf(modules));
        return Suite.tests(clients.javascript(PROGRAM, TOPICS), environment);
    }
}

package dev.skerry.e2e;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/** The SDK for Python, its blocking and its asynchronous half. */
@ExtendWith(SharedServer.class)
class PythonSdkIT {
    private static final List<String> TOPICS = List.of(
            "sandbox_sync",
            "commands_sync",
            "files_sync",
            "git_sync",
            "sandbox_async",
            "commands_async",
            "files_async");

    @TestFactory
    List<DynamicTest> overOneHttpOrigin(ShippedServer server, Clients clients) {
        return run(Pass.HTTP, server, clients, TOPICS);
    }

    @TestFactory
    List<DynamicTest> overTlsHosts(ShippedServer server, Clients clients) {
        return run(Pass.TLS, server, clients, TOPICS);
    }

    static List<DynamicTest> run(Pass pass, ShippedServer server, Clients clients, List<String> topics) {
        Stream<String> program = Stream.of(
                clients.python().toString(),
                "-u",
                Suite.FOLDER.resolve("py/run.py").toString());
        return Suite.tests(Stream.concat(program, topics.stream()).toList(), pass.environment(server));
    }
}

package dev.skerry.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A language that the host's own packages do not have: made of Debian's on the machine and data folder of a server that
 * runs, then installed on it, compiled and run through Piston's API, and removed. C#, because no other test needs Mono
 * on the host.
 */
class DebianPackagesIT {
    /** Packages that were fetched, for all clones; as the XDG base directory specification has it. */
    private static final Path CACHE = Path.of(Objects.requireNonNullElseGet(
                    System.getenv("XDG_CACHE_HOME"), () -> System.getProperty("user.home") + "/.cache"))
            .resolve("skerry/packages");

    private static final Duration FETCH_AND_MAKE = Duration.ofMinutes(8);
    private static final Pattern MADE = Pattern.compile("csharp (\\S+)  (csharp-\\S+\\.tar)  ");
    private static final String PROGRAM = "class P { static void Main(string[] a) {"
            + " System.Console.WriteLine(string.Join(\\\"-\\\", a) + System.Console.In.ReadLine().Length); } }";

    private static String skerry(ShippedServer server, String... words) {
        List<String> command =
                new ArrayList<>(List.of(ShippedServer.ROOT.resolve("skerry").toString(), "packages"));
        command.addAll(List.of(words));
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.putAll(server.settings());
        return Child.run(command, server.data(), environment, FETCH_AND_MAKE);
    }

    private static HttpResponse<String> execute(ShippedServer server, String program) {
        return server.call(
                "POST",
                "/api/v2/execute",
                "{\"language\":\"c#\",\"version\":\"*\",\"stdin\":\"four\\n"
                        + "\",\"args\":[\"a\",\"b\"],\"files\":[{\"content\":\""
                        + program + "\"}]}");
    }

    private static List<String> names(Path of) throws IOException {
        try (Stream<Path> files = Files.list(of)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    @Test
    void aLanguageIsMadeOfDebiansPackagesInstalledAndRun(@TempDir Path folder) throws IOException {
        Path packages = Files.createDirectory(folder.resolve("packages"));
        Path config = Files.writeString(folder.resolve("skerry.toml"), "[piston]\npackages = \"" + packages + "\"\n");
        try (ShippedServer server = ShippedServer.start(List.of("--config", config.toString()))) {
            List<String> templates = names(server.data().resolve("templates"));
            Matcher made = MADE.matcher(skerry(
                    server,
                    "make",
                    "C#",
                    "--to",
                    packages.toString(),
                    "--cache",
                    CACHE.toString(),
                    "--data",
                    server.data().toString()));
            assertThat(made.find()).as("what it says of the package").isTrue();
            String version = made.group(1);
            assertThat(packages.resolve("index")).content().contains("csharp," + version + ",", made.group(2));
            assertThat(names(packages)).containsExactlyInAnyOrder("index", ".lock", made.group(2));
            assertThat(names(server.data().resolve("templates")))
                    .as("templates")
                    .isEqualTo(templates);

            assertThat(skerry(server, "install", "csharp")).isEqualTo("csharp " + version + "\n");
            HttpResponse<String> ran = execute(server, PROGRAM);
            assertThat(ran.statusCode()).as(ran.body()).isEqualTo(200);
            assertThat(ran.body())
                    .contains("\"stdout\":\"a-b4\\n\"", "\"template\":\"packages/csharp/" + version + "\"");
            assertThat(execute(server, "class P { int }").body()).contains("error CS");
            assertThat(skerry(server, "rm", "csharp:" + version)).isEqualTo("csharp " + version + "\n");
            assertThat(execute(server, PROGRAM).body()).contains("runtime is unknown");
        }
    }
}

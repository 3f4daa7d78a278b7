package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.cli.client.EnvFile;
import dev.skerry.host.jobs.Language;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code skerry packages}, with a machine that makes archives of nothing. */
class PackagesCommandTest {
    private static final String DIGEST = "ab".repeat(32);

    private final FakeE2b server = new FakeE2b();
    private final Commanded commanded = new Commanded();
    private final List<String> made = new ArrayList<>();

    @TempDir
    private Path folder;

    @BeforeEach
    void knowTheServer() throws IOException {
        commanded.environment.put("SKERRY_DATA", folder.resolve("data").toString());
        commanded.environment.put(EnvFile.API_URL, server.url());
        commanded.environment.put(EnvFile.API_KEY, FakeE2b.KEY);
        Files.createDirectory(folder.resolve("packages"));
        commanded.host.images = (packages, work, cache, archive) -> {
            made.add(String.join(" ", packages));
            try {
                Files.writeString(archive, "x".repeat(2048));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return DIGEST;
        };
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private int make(String... words) {
        List<String> line = new ArrayList<>(List.of("packages", "make"));
        line.addAll(List.of(words));
        line.addAll(List.of("--to", folder.resolve("packages").toString()));
        return commanded.skerry(line.toArray(String[]::new));
    }

    @Test
    void languagesOfOneToolchainAreMadeOnceAndWrittenDown() throws IOException {
        commanded.host.languages = Map.of(Language.C, "12.2.0", Language.CPP, "12.2.0", Language.PERL, "5.36.0");
        assertThat(make("c", "cpp")).isZero();
        assertThat(made).containsExactly("gcc libc6-dev g++");
        String archive = "c-12.2.0-abababababab.tar";
        assertThat(commanded.out()).containsPattern("c 12\\.2\\.0, c\\+\\+ 12\\.2\\.0 +" + archive + " +2 KiB +0 s\n");
        assertThat(commanded.err()).contains("making c, c++ of gcc, libc6-dev, g++");
        assertThat(Files.readAllLines(folder.resolve("packages/index")))
                .contains("c,12.2.0," + DIGEST + "," + archive, "c++,12.2.0," + DIGEST + "," + archive)
                .noneMatch(line -> line.startsWith("perl"));
        assertThat(commanded.host.closed).isEqualTo(1);
    }

    @Test
    void oneThatDoesNotStartIsNotWrittenDownAndTheOthersAre() throws IOException {
        commanded.host.languages = Map.of(Language.LUA, "5.4.4");
        assertThat(make("ruby", "lua")).isEqualTo(ExitCode.SANDBOX_ERROR);
        assertThat(commanded.err()).contains("ruby does not start in an image of ruby");
        assertThat(commanded.out()).startsWith("lua 5.4.4 ").hasLineCount(1);
        assertThat(Files.readAllLines(folder.resolve("packages/index"))).hasSize(2);
    }

    @Test
    void allOfThemCanBeMade() {
        Map<Language, String> all = new EnumMap<>(Language.class);
        for (Language language : Language.values()) {
            all.put(language, "1.0.0");
        }
        commanded.host.languages = all;
        assertThat(make("--all")).isZero();
        assertThat(made).hasSize(Language.values().length - 2).contains("nodejs node-typescript", "lua5.4");
        assertThat(make("--all", "lua")).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void whatCannotBeMadeIsSaidBeforeAnythingIsDone() {
        assertThat(make("pyton")).isEqualTo(ExitCode.USAGE);
        assertThat(commanded.err())
                .contains("'pyton'")
                .contains("the nearest one is 'python'")
                .contains("kotlin");
        assertThat(make()).isEqualTo(ExitCode.USAGE);
        assertThat(commanded.err()).contains("which language?").contains("python, javascript");
        assertThat(commanded.skerry("packages", "make", "lua")).isEqualTo(ExitCode.USAGE);
        assertThat(commanded.err()).contains("--to");
        assertThat(commanded.skerry("packages", "make", "lua", "--to", "/nowhere/at/all"))
                .isEqualTo(ExitCode.USAGE);
        assertThat(commanded.err())
                .contains("there is no folder '/nowhere/at/all'")
                .contains("hint: mkdir -p");
        commanded.root = false;
        assertThat(make("lua")).isEqualTo(ExitCode.SANDBOX_ERROR);
        assertThat(commanded.err()).contains("needs root");
        assertThat(made).isEmpty();
    }

    @Test
    void aFullDiskLeavesTheIndexAsItWas() {
        commanded.host.images = (packages, work, cache, archive) -> {
            throw new Failure(ErrorCode.NO_SPACE, "the disk of " + work + " is full", "free some space");
        };
        assertThat(make("lua")).isEqualTo(ExitCode.SANDBOX_ERROR);
        assertThat(commanded.err()).contains("is full").contains("hint: free some space");
        assertThat(folder.resolve("packages/index")).doesNotExist();
        assertThat(folder.resolve("packages/.making")).doesNotExist();
    }

    @Test
    void packagesOfAServerAreListed() {
        String packages = """
            [{"language":"python","language_version":"3.11.2","installed":true,"templates":["base","x"]},
             {"language":"ruby","language_version":"3.1.2","installed":false,"templates":[]}]\
            """;
        server.on("GET /api/v2/packages", 200, packages);
        server.on("GET /api/v2/packages", 200, packages);
        assertThat(commanded.skerry("packages", "list")).isZero();
        assertThat(commanded.out())
                .containsPattern("python +3\\.11\\.2 +yes +base x\n")
                .containsPattern("ruby +3\\.1\\.2 +no\n");
        assertThat(commanded.skerry("packages", "list", "--json")).isZero();
        assertThat(commanded.out()).contains("\"language_version\":\"3.1.2\"");
    }

    @Test
    void theyAreInstalledAndRemovedByLanguageAndVersion() {
        String path = "/api/v2/packages";
        server.on("POST " + path, 200, "{\"language\":\"ruby\",\"version\":\"3.1.2\"}");
        server.on("POST " + path, 500, "{\"message\":\"Already installed\"}");
        server.on("DELETE " + path, 200, "{\"language\":\"c++\",\"version\":\"12.2.0\"}");
        assertThat(commanded.skerry("packages", "install", "ruby", "lua:5.4.x")).isEqualTo(ExitCode.SANDBOX_ERROR);
        assertThat(commanded.out()).isEqualTo("ruby 3.1.2\n");
        assertThat(commanded.err()).contains("Already installed");
        assertThat(server.asked("POST", path))
                .extracting(asked -> asked.json().path("language").asString("") + ":"
                        + asked.json().path("version").asString(""))
                .containsExactly("ruby:*", "lua:5.4.x");
        assertThat(commanded.skerry("packages", "rm", "c++:12")).isZero();
        assertThat(commanded.out()).isEqualTo("c++ 12.2.0\n");
        assertThat(server.asked("DELETE", path)
                        .getFirst()
                        .json()
                        .path("version")
                        .asString(""))
                .isEqualTo("12");
    }
}

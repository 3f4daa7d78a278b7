package dev.skerry.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A language that is installed over the API, run, and removed; and {@code skerry jobs}, against the same server. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PackagesIT {
    private static final String PACKAGES = "/api/v2/packages";
    private static final String LUA = "{\"language\":\"lua\",\"version\":\"" + LuaPackage.VERSION + "\"}";
    private static final String TEMPLATE = "packages/lua/" + LuaPackage.VERSION;
    private static final Duration SERVES_AGAIN = Duration.ofSeconds(60);
    private static final Duration COMMAND = Duration.ofSeconds(60);
    private static final int BALLAST = 24 << 20;

    private Path folder;
    private ShippedServer server;

    @BeforeAll
    void start(@TempDir Path temporary) throws IOException {
        folder = temporary;
        Path packages = Files.createDirectory(folder.resolve("packages"));
        Path archive = packages.resolve("lua.tar");
        new LuaPackage(Files.createDirectory(folder.resolve("made"))).write(archive, BALLAST);
        Files.writeString(
                packages.resolve("index"),
                "lua," + LuaPackage.VERSION + "," + LuaPackage.sha256(archive) + ",lua.tar\n");
        Path config = folder.resolve("skerry.toml");
        Files.writeString(config, "[piston]\npackages = \"" + packages + "\"\n");
        server = ShippedServer.start(List.of("--config", config.toString()));
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private String done(String method, int status) {
        HttpResponse<String> answer = server.call(method, PACKAGES, method.equals("GET") ? "" : LUA);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        return answer.body();
    }

    private boolean isInstalled() {
        String list = done("GET", 200);
        String lua = "\"language\":\"lua\",\"language_version\":\"" + LuaPackage.VERSION + "\",\"installed\":";
        assertThat(list).contains(lua);
        return list.contains(lua + "true");
    }

    private HttpResponse<String> execute(String program, String... arguments) {
        return server.call(
                "POST",
                "/api/v2/execute",
                "{\"language\":\"lua\",\"version\":\"" + LuaPackage.VERSION + "\",\"files\":[{\"content\":\"" + program
                        + "\"}],\"args\":["
                        + Stream.of(arguments).map(word -> "\"" + word + "\"").collect(Collectors.joining(","))
                        + "]}");
    }

    @Test
    void aLanguageIsInstalledRunAndRemoved() {
        server.startUnlessAlive();
        assertThat(isInstalled()).isFalse();
        assertThat(execute("print(1)").body()).contains("lua-" + LuaPackage.VERSION + " runtime is unknown");
        assertThat(done("POST", 200)).isEqualTo(LUA);
        assertThat(done("POST", 500)).contains("Already installed");
        assertThat(isInstalled()).isTrue();
        HttpResponse<String> ran = execute("print(6 * 7)");
        assertThat(ran.statusCode()).as(ran.body()).isEqualTo(200);
        assertThat(ran.body())
                .contains("\"stdout\":\"42\\n\"", "\"template\":\"" + TEMPLATE + "\"")
                .contains("\"trust\":{\"rule\":\"sandboxes.isolation\",\"floor\":\"container\"}");
        assertThat(done("DELETE", 200)).isEqualTo(LUA);
        assertThat(done("DELETE", 500)).contains("is not installed");
        assertThat(isInstalled()).isFalse();
        assertThat(execute("print(1)").body()).contains("lua-" + LuaPackage.VERSION + " runtime is unknown");
        Deadline.await("what was changed in the audit log", COMMAND, this::isAudited);
    }

    /** Soon: no request waits for that. */
    private boolean isAudited() {
        String entries = server.call("GET", "/skerry/v1/audit?subject=lua-" + LuaPackage.VERSION, "")
                .body();
        return entries.contains("POST /api/v2/packages") && entries.contains("DELETE /api/v2/packages");
    }

    @Test
    void oneInUseStaysUntilItsJobHasEnded() throws Exception {
        server.startUnlessAlive();
        done("POST", 200);
        String mark = "in-use-" + server.pid();
        try (var jobs = Executors.newVirtualThreadPerTaskExecutor()) {
            var running = jobs.submit(() -> execute("print(arg[1] ~= nil) io.stdout:flush() while true do end", mark));
            Deadline.await("a job that runs", COMMAND, () -> runs(mark));
            assertThat(done("DELETE", 409)).contains("'" + TEMPLATE + "' is in use");
            assertThat(running.get().body()).contains("\"stdout\":\"true\\n\"", "\"status\":\"TO\"");
        }
        done("DELETE", 200);
    }

    /** Whether a process of this machine has the word among its arguments. */
    private static boolean runs(String word) {
        return names(Path.of("/proc")).stream()
                .filter(name -> name.matches("[0-9]+"))
                .anyMatch(pid -> {
                    try {
                        return Files.readString(Path.of("/proc", pid, "cmdline"), StandardCharsets.ISO_8859_1)
                                .contains("\0" + word + "\0");
                    } catch (IOException e) {
                        return false; // It has ended.
                    }
                });
    }

    @Test
    void aServerThatIsKilledMeanwhileLeavesNothingHalf() throws Exception {
        server.startUnlessAlive();
        try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            var asking = clients.submit(() -> {
                try {
                    server.call("POST", PACKAGES, LUA);
                } catch (UncheckedIOException e) {
                    // It is killed.
                }
            });
            Path drafts = server.data().resolve("layers/.tmp");
            Deadline.await(
                    "an import that has begun", COMMAND, () -> !names(drafts).isEmpty());
            server.kill();
            asking.get();
        }
        assertThat(names(server.data().resolve("layers/.tmp"))).isNotEmpty();
        server.startAgain(SERVES_AGAIN);
        assertThat(isInstalled()).isFalse();
        assertThat(names(server.data().resolve("layers/.tmp"))).isEmpty();
        done("POST", 200);
        assertThat(execute("print(6 * 7)").body()).contains("\"stdout\":\"42\\n\"");
        done("DELETE", 200);
        assertThat(names(server.data().resolve("templates"))).noneMatch(name -> name.endsWith(".unnamed"));
    }

    private static List<String> names(Path of) {
        try (var files = Files.list(of)) {
            return files.map(file -> file.getFileName().toString()).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String skerry(String... words) {
        List<String> command =
                new ArrayList<>(List.of(ShippedServer.ROOT.resolve("skerry").toString(), "jobs"));
        command.addAll(List.of(words));
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.putAll(server.settings());
        return Child.run(command, folder, environment, COMMAND);
    }

    @Test
    void jobsAreRunListedAwaitedAndCancelledByTheCommand() throws IOException {
        server.startUnlessAlive();
        Files.writeString(folder.resolve("sum.py"), "print(sum(map(int, input().split())))\n");
        Files.writeString(folder.resolve("1.in"), "1 2\n");
        Files.writeString(folder.resolve("1.out"), "3\n");
        assertThat(skerry("run", "sum.py", "--case", "1.in:1.out")).isEqualTo("3\n");
        Files.writeString(folder.resolve("slow.py"), "import time; print('here', flush=True); time.sleep(60)\n");
        String token = skerry("run", "-d", "--timeout", "60s", "slow.py").strip();
        assertThat(skerry("ls")).contains(token);
        skerry("cancel", token);
        assertThat(skerry("show", token)).containsPattern("STATE +ended").contains("cancelled");
    }
}

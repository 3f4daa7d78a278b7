package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The service on a real systemd, from its installation to its removal, and a sandbox that outlives all of it. Not found
 * by a build on its own: it runs in the machine of {@code PureV2IT}, where every program takes two to thirty times as
 * long as elsewhere. So the clients' commands run in this process; the launcher, the server and systemd are real.
 */
class ServiceOnSystemd {
    private static final Path UNIT = Path.of("/etc/systemd/system/skerry.service");
    private static final Path SETTINGS = Path.of("/etc/skerry/skerry.toml");
    private static final Path SLICE = Path.of("/sys/fs/cgroup/system.slice");
    private static final Path OPTIONS = Path.of("/etc/systemd/system/skerry.service.d/quick-compiler.conf");
    private static final URI HEALTH = URI.create("http://127.0.0.1:3000/health");
    private static final Duration BOUND = Duration.ofMinutes(5);
    private static final Duration INTERVAL = Duration.ofMillis(200);

    private final Commanded commanded = new Commanded();

    /** One for all questions: making it takes longer there than a question. */
    private final HttpClient client = HttpClient.newHttpClient();

    /** Also when something of it failed: other tests of the machine come after it. */
    @AfterEach
    void stopped() {
        client.close();
        run(Stream.of("systemctl", "stop", "skerry.service"));
    }

    @Test
    void aSandboxOutlivesTheServiceThatMadeIt() throws Exception {
        assertThat(launcher("service", "start").code()).as("not installed yet").isEqualTo(2);
        Files.createDirectories(SETTINGS.getParent());
        Files.writeString(SETTINGS, "[sandboxes]\nmemory = \"160 MiB\"\ndisk = \"64 MiB\"\ndisk-files = 2000\n");
        Files.createDirectories(OPTIONS.getParent());
        Files.writeString(OPTIONS, "[Service]\nEnvironment=SKERRY_JAVA_OPTS=-XX:TieredStopAtLevel=1\n");
        done(launcher("service", "install"));
        done(launcher("service", "start"));
        awaitHealth();
        assertThat(done(launcher("service", "status"))).contains("active (running)");
        assertThat(log()).as("a key is a secret").doesNotContain("e2b_");

        String id = skerry("create", "--timeout", "1h");
        assertThat(groups(id)).as("next to the service, in its slice").hasSize(1);
        skerry("exec", id, "sh", "-c", "echo mark >/tmp/mark");
        String began = began(id);
        oneThatRunsOutOfMemoryEndsAlone(id);

        String first = mainPid();
        done(launcher("service", "restart"));
        awaitAnotherThan(first);
        assertThat(began(id)).as("after a restart").isEqualTo(began);

        String second = mainPid();
        systemctl("kill", "--kill-who=main", "-s", "KILL", "skerry.service");
        awaitAnotherThan(second);
        assertThat(began(id)).as("after a kill").isEqualTo(began);
        assertThat(skerry("exec", id, "cat", "/tmp/mark")).isEqualTo("mark");

        done(launcher("service", "stop"));
        assertThat(systemctl("show", "-p", "ActiveState,Result", "skerry.service")
                        .lines())
                .as(() -> "a stop is no failure; the log: " + log())
                .containsExactlyInAnyOrder("ActiveState=inactive", "Result=success");
        done(launcher("service", "uninstall"));
        assertThat(UNIT).doesNotExist();
        assertThat(healthy()).isFalse();
        assertThat(groups(id)).as("alive without the service").hasSize(1);
    }

    private void oneThatRunsOutOfMemoryEndsAlone(String other) throws Exception {
        String service = mainPid();
        String id = skerry("create");
        assertThat(commanded.skerry("exec", id, "python3", "-c", "bytearray(1 << 30)"))
                .as(commanded.err())
                .isEqualTo(137);
        assertThat(Files.readString(groups(id).getFirst().resolve("memory.events")))
                .containsPattern("oom_kill [1-9]");
        assertThat(mainPid()).isEqualTo(service);
        assertThat(systemctl("show", "-p", "Result,NRestarts", "skerry.service").lines())
                .containsExactlyInAnyOrder("Result=success", "NRestarts=0");
        assertThat(skerry("exec", other, "echo", "alive")).isEqualTo("alive");
        skerry("kill", id);
    }

    private static Shipped.Result launcher(String... words) {
        return run(Stream.concat(Stream.of(Shipped.ROOT.resolve("skerry").toString()), Stream.of(words)));
    }

    private static Shipped.Result run(Stream<String> words) {
        try (Shipped running = Shipped.startProgram(Stream.concat(Stream.of("/usr/bin/env", "-u", "SKERRY_DATA"), words)
                .toList())) {
            running.endInput();
            return running.await();
        }
    }

    private static String done(Shipped.Result result) {
        assertThat(result.code()).as(result.out() + result.err()).isZero();
        return result.out().strip();
    }

    private static String systemctl(String... words) {
        return done(run(Stream.concat(Stream.of("systemctl"), Stream.of(words))));
    }

    private static String log() {
        return run(Stream.of("journalctl", "--no-pager", "-n", "100", "-u", "skerry.service"))
                .out();
    }

    private static String mainPid() {
        return systemctl("show", "--value", "-p", "MainPID", "skerry.service");
    }

    /** A command of a client. */
    private String skerry(String... words) {
        assertThat(commanded.skerry(words))
                .as(() -> String.join(" ", words) + ": " + commanded.out() + commanded.err() + "; the log: " + log())
                .isZero();
        return commanded.out().strip();
    }

    /** When process 1 of a sandbox was started, in ticks: the same number is the same process. */
    private String began(String id) {
        return skerry("exec", id, "cut", "-d", " ", "-f", "22", "/proc/1/stat");
    }

    /** The sandbox's groups that have processes. */
    private static List<Path> groups(String id) throws IOException {
        try (Stream<Path> instances = Files.list(SLICE)) {
            return instances
                    .filter(path -> path.getFileName().toString().startsWith("skerry-"))
                    .flatMap(ServiceOnSystemd::children)
                    .filter(path -> path.getFileName().toString().startsWith(id + "."))
                    .filter(ServiceOnSystemd::populated)
                    .toList();
        }
    }

    private static Stream<Path> children(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isDirectory).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean populated(Path group) {
        try {
            return Files.readString(group.resolve("cgroup.events")).contains("populated 1");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean healthy() throws InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(HEALTH).timeout(Duration.ofSeconds(20)).build();
        try {
            return client.send(request, BodyHandlers.discarding()).statusCode() == 204;
        } catch (IOException e) {
            return false;
        }
    }

    private void awaitHealth() throws InterruptedException {
        long end = System.nanoTime() + BOUND.toNanos();
        while (!healthy()) {
            assertThat(System.nanoTime()).as(() -> "the server's log: " + log()).isLessThan(end);
            TimeUnit.NANOSECONDS.sleep(INTERVAL.toNanos());
        }
    }

    private void awaitAnotherThan(String old) throws InterruptedException {
        long end = System.nanoTime() + BOUND.toNanos();
        for (String now = mainPid(); now.equals(old) || now.equals("0"); now = mainPid()) {
            assertThat(System.nanoTime())
                    .as(() -> "started again; the log: " + log())
                    .isLessThan(end);
            TimeUnit.NANOSECONDS.sleep(INTERVAL.toNanos());
        }
        awaitHealth();
    }
}

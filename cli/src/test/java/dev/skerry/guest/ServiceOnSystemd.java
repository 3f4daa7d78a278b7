package dev.skerry.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * The service in the machine of {@code PureV2IT}, from its installation to its removal, and a sandbox that outlives all
 * of it. Every program takes ten to thirty times as long there as it does elsewhere.
 */
class ServiceOnSystemd {
    private static final Path ROOT = Path.of(System.getProperty("skerry.root", "/opt/skerry"));
    private static final Path UNIT = Path.of("/etc/systemd/system/skerry.service");
    private static final URI HEALTH = URI.create("http://127.0.0.1:3000/health");
    private static final Duration BOUND = Duration.ofMinutes(4);
    private static final Duration INTERVAL = Duration.ofMillis(500);

    private record Result(int code, String output) {}

    private static Result run(String... words) throws Exception {
        Process process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectInput(Path.of("/dev/null").toFile())
                .start();
        var output = new ByteArrayOutputStream();
        Thread reader = Thread.ofVirtual().start(() -> {
            try (InputStream from = process.getInputStream()) {
                from.transferTo(output);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        try {
            assertThat(process.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS))
                    .as(String.join(" ", words))
                    .isTrue();
        } finally {
            process.destroyForcibly().waitFor();
        }
        reader.join(BOUND);
        return new Result(process.exitValue(), output.toString(StandardCharsets.UTF_8));
    }

    private static String done(String... words) throws Exception {
        Result result = run(words);
        assertThat(result.code())
                .as(String.join(" ", words) + ": " + result.output())
                .isZero();
        return result.output().strip();
    }

    private static String skerry(String... words) throws Exception {
        List<String> all = new ArrayList<>(List.of(ROOT.resolve("skerry").toString()));
        all.addAll(List.of(words));
        return done(all.toArray(String[]::new));
    }

    private static boolean healthy() throws InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(HEALTH)
                    .timeout(Duration.ofSeconds(20))
                    .build();
            return client.send(request, BodyHandlers.discarding()).statusCode() == 204;
        } catch (IOException e) {
            return false;
        }
    }

    private static void awaitHealth(boolean wanted) throws Exception {
        long end = System.nanoTime() + BOUND.toNanos();
        while (healthy() != wanted) {
            assertThat(System.nanoTime()).as(() -> "the server's log: " + log()).isLessThan(end);
            TimeUnit.NANOSECONDS.sleep(INTERVAL.toNanos());
        }
    }

    private static String log() {
        try {
            return run("journalctl", "--no-pager", "-n", "100", "-u", "skerry.service")
                    .output();
        } catch (Exception e) {
            return e.toString();
        }
    }

    private static String mainPid() throws Exception {
        return done("systemctl", "show", "--value", "-p", "MainPID", "skerry.service");
    }

    /** When process 1 of a sandbox was started, in ticks: the same number is the same process. */
    private static String began(String id) throws Exception {
        return skerry("exec", id, "cut", "-d", " ", "-f", "22", "/proc/1/stat");
    }

    @Test
    void aSandboxOutlivesTheServiceThatMadeIt() throws Exception {
        assertThat(run(ROOT.resolve("skerry").toString(), "service", "start").code())
                .isEqualTo(2);
        skerry("service", "install");
        skerry("service", "start");
        awaitHealth(true);
        assertThat(skerry("service", "status")).contains("active (running)");
        assertThat(log()).as("a key is a secret").doesNotContain("e2b_");

        String id = skerry("create", "--timeout", "1h");
        skerry("exec", id, "sh", "-c", "echo mark >/tmp/mark");
        String began = began(id);

        String first = mainPid();
        skerry("service", "restart");
        awaitHealth(true);
        assertThat(mainPid()).isNotEqualTo(first);
        assertThat(began(id)).as("after a restart").isEqualTo(began);

        String second = mainPid();
        done("systemctl", "kill", "--kill-who=main", "-s", "KILL", "skerry.service");
        awaitNewMain(second);
        awaitHealth(true);
        assertThat(began(id)).as("after a kill").isEqualTo(began);
        assertThat(skerry("exec", id, "cat", "/tmp/mark")).isEqualTo("mark");

        skerry("service", "stop");
        awaitHealth(false);
        assertThat(run("systemctl", "is-failed", "skerry.service").output()).contains("inactive");
        skerry("service", "start");
        awaitHealth(true);
        assertThat(began(id)).as("after a stop").isEqualTo(began);
        skerry("kill", id);

        skerry("service", "uninstall");
        assertThat(Files.exists(UNIT)).isFalse();
        awaitHealth(false);
        assertThat(skerry("ps", "--local", "-q")).isEmpty();
    }

    private static void awaitNewMain(String old) throws Exception {
        long end = System.nanoTime() + BOUND.toNanos();
        for (String now = mainPid(); now.equals(old) || now.equals("0"); now = mainPid()) {
            assertThat(System.nanoTime()).as("started again").isLessThan(end);
            TimeUnit.NANOSECONDS.sleep(INTERVAL.toNanos());
        }
    }
}

package dev.skerry.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/**
 * The shipped {@code ./skerry serve} as a child process, on a data folder and ports of its own, which it keeps when it
 * is killed and started again. Closing it ends every sandbox through the API, then the server, and looks for what was
 * left on the host.
 */
final class ShippedServer implements AutoCloseable {
    static final Path ROOT =
            Path.of(System.getProperty("skerry.root", "..")).toAbsolutePath().normalize();
    /** The first start makes the certificate authority and the template base. */
    private static final Duration FIRST_START = Duration.ofMinutes(2);

    private static final Duration DRAINED = Duration.ofSeconds(40);
    private static final Duration CALL = Duration.ofSeconds(30);
    /** Linux gives connections 32768 and more: ip_local_port_range of ip(7). */
    private static final int PORT_MIN = 20_000;

    private static final int PORT_MAX = 32_768;
    private static final int PORT_TRIES = 100;
    private static final Pattern ID = Pattern.compile("\"sandboxID\"\\s*:\\s*\"([a-z0-9]+)\"");

    /**
     * Most servers of tests end before the JVM's second compiler pays, as JVMs of tests do; the variable is one that
     * the launcher has for everybody.
     */
    private static final Map<String, String> QUICK = Map.of("SKERRY_JAVA_OPTS", "-XX:TieredStopAtLevel=1");

    private final Map<String, String> environment = new HashMap<>(System.getenv());
    private final Path folder;
    private final List<String> arguments;
    private final int httpPort;
    private final int tlsPort;
    private final int pistonPort;
    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(CALL).build();
    private Child process;

    private ShippedServer(Path folder, List<Integer> ports, Map<String, String> options, List<String> arguments) {
        this.folder = folder;
        this.arguments = List.copyOf(arguments);
        environment.putAll(options);
        httpPort = ports.get(0);
        tlsPort = ports.get(1);
        pistonPort = ports.get(2);
        process = launch();
    }

    /** Returns once it serves, has written the file of settings for clients, and has made a first sandbox. */
    static ShippedServer start() {
        return start(QUICK, List.of());
    }

    /** With more words on its command line. */
    static ShippedServer start(List<String> arguments) {
        return start(QUICK, arguments);
    }

    /** With the options of the JVM that users have. */
    static ShippedServer startForLong() {
        return start(Map.of(), List.of());
    }

    private static ShippedServer start(Map<String, String> options, List<String> arguments) {
        try {
            Path folder = Files.createTempDirectory(Path.of("/var/tmp"), "skerry-e2e-");
            var server = new ShippedServer(folder, freePorts(), options, arguments);
            try {
                server.awaitServing(FIRST_START);
                server.awaitTemplate();
                expectNamesToResolve();
                return server;
            } catch (Throwable e) {
                server.closeAfter(e);
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Clients look up hosts below the domain as any others. */
    private static void expectNamesToResolve() {
        List<String> command = List.of("/usr/bin/getent", "ahosts", "3000-probe.sbx.localhost");
        try {
            Child.run(command, Path.of("/"), System.getenv(), CALL);
        } catch (AssertionError e) {
            throw new AssertionError(
                    "names below sbx.localhost do not resolve on this machine; install what makes them:"
                            + " apt-get install -y --no-install-recommends libnss-myhostname",
                    e);
        }
    }

    /**
     * Three at once, so that they differ. Not of those that the kernel gives to connections: while the server is being
     * started again, a client of another test could be given its port.
     */
    private static List<Integer> freePorts() throws IOException {
        for (int i = 0; i < PORT_TRIES; i++) {
            try (var one = listener();
                    var other = listener();
                    var third = listener()) {
                return List.of(one.getLocalPort(), other.getLocalPort(), third.getLocalPort());
            } catch (BindException e) {
                // It is somebody's.
            }
        }
        throw new AssertionError("none of " + PORT_TRIES + " triples of ports was free");
    }

    private static ServerSocket listener() throws IOException {
        int port = ThreadLocalRandom.current().nextInt(PORT_MIN, PORT_MAX);
        return new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
    }

    private Child launch() {
        List<String> command = new ArrayList<>(List.of(
                ROOT.resolve("skerry").toString(),
                "serve",
                "--data",
                data().toString(),
                "--http",
                "127.0.0.1:" + httpPort,
                "--tls",
                "127.0.0.1:" + tlsPort,
                "--domain",
                domain(),
                "--piston",
                "127.0.0.1:" + pistonPort,
                "--piston-anonymous",
                "--piston-anonymous-isolation",
                "container",
                "--env-file",
                envFile().toString()));
        command.addAll(arguments);
        return Child.start(command, folder, environment);
    }

    Path data() {
        return folder.resolve("data");
    }

    private Path envFile() {
        return folder.resolve("client.env");
    }

    String domain() {
        return "sbx.localhost:" + tlsPort;
    }

    String url() {
        return "http://127.0.0.1:" + httpPort;
    }

    /** Where Piston's API is without a key. */
    String pistonUrl() {
        return "http://127.0.0.1:" + pistonPort;
    }

    /** What the server wrote for clients. */
    Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>();
        try {
            for (String line : Files.readAllLines(envFile())) {
                int equals = line.indexOf('=');
                if (equals > 0 && !line.startsWith("#")) {
                    settings.put(line.substring(0, equals), line.substring(equals + 1));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return settings;
    }

    String output() {
        return process.output();
    }

    /** Returns how long it took from now until health was answered. */
    Duration awaitServing(Duration bound) {
        return Deadline.await(() -> "the server to serve; it said:\n" + output(), bound, () -> {
            if (!process.isAlive()) {
                throw new AssertionError("the server ended:\n" + output());
            }
            return isHealthy() && Files.exists(envFile());
        });
    }

    /** What the first sandbox waits for would be charged to the first call of a client, which is not that patient. */
    private void awaitTemplate() {
        var response = call("POST", "/v2/sandboxes", "{\"templateID\":\"base\"}", FIRST_START);
        if (response.statusCode() != 201) {
            throw new AssertionError("the first sandbox: " + response.statusCode() + " " + response.body());
        }
        endAllSandboxes();
    }

    private boolean isHealthy() {
        var request = HttpRequest.newBuilder(URI.create(url() + "/health"))
                .timeout(Duration.ofSeconds(2))
                .build();
        try {
            return client.send(request, BodyHandlers.discarding()).statusCode() == 204;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    long pid() {
        return process.pid();
    }

    /** The most memory that its JVM has had resident: VmHWM of proc_pid_status(5). */
    long peakKib() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new AssertionError("no VmHWM");
    }

    /** As {@code kill -9}; sandboxes go on without it. */
    void kill() {
        process.kill();
        process.await(CALL);
    }

    /** As a service manager stops it: SIGTERM; returns how long it took to end. */
    Duration terminate() {
        long start = System.nanoTime();
        process.terminate();
        int code = process.await(DRAINED);
        if (code != 0 && code != 143) {
            throw new AssertionError("after SIGTERM the server ended with " + code + ":\n" + output());
        }
        return Duration.ofNanos(System.nanoTime() - start);
    }

    /** Once more on the same data and ports; returns how long until it serves. */
    Duration startAgain(Duration bound) {
        process = launch();
        return awaitServing(bound);
    }

    /** A call of the control plane. */
    HttpResponse<String> call(String method, String path, String body) {
        return call(method, path, body, CALL);
    }

    private HttpResponse<String> call(String method, String path, String body, Duration bound) {
        var request = HttpRequest.newBuilder(URI.create(url() + path))
                .timeout(bound)
                .header("X-API-KEY", settings().getOrDefault("E2B_API_KEY", ""))
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        try {
            return client.send(request, BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    /** Ids of all sandboxes, running and paused. */
    List<String> sandboxes() {
        List<String> ids = new ArrayList<>();
        var response = call("GET", "/v2/sandboxes?state=running,paused&limit=100", "");
        if (response.statusCode() != 200) {
            throw new AssertionError("listing sandboxes: " + response.statusCode() + " " + response.body());
        }
        var matcher = ID.matcher(response.body());
        while (matcher.find()) {
            ids.add(matcher.group(1));
        }
        return ids;
    }

    /** After a test that failed between its end and its next start. */
    void startUnlessAlive() {
        if (!process.isAlive()) {
            startAgain(FIRST_START);
        }
    }

    void endAllSandboxes() {
        Deadline.await("all sandboxes to be gone", Duration.ofSeconds(60), () -> {
            List<String> ids = sandboxes();
            ids.forEach(id -> call("DELETE", "/sandboxes/" + id, ""));
            return ids.isEmpty();
        });
    }

    private void closeAfter(Throwable failure) {
        try {
            close();
        } catch (Throwable e) {
            failure.addSuppressed(e);
        }
    }

    @Override
    public void close() {
        try {
            end();
            Leftovers.expectNone(data());
        } finally {
            Leftovers.forget(data());
            Leftovers.delete(folder);
        }
    }

    private void end() {
        try {
            if (!process.isAlive() && Files.exists(envFile())) {
                startAgain(FIRST_START);
            }
            if (process.isAlive() && Files.exists(envFile())) {
                endAllSandboxes();
                terminate();
            }
        } finally {
            process.close();
            client.shutdownNow();
        }
    }
}

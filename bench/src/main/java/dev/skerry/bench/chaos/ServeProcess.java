package dev.skerry.bench.chaos;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** One {@code skerry serve}, with ports of its own that it keeps when it is started again. Thread-safe. */
public final class ServeProcess {
    /** Linux gives connections 32768 and more: ip_local_port_range of ip(7). */
    private static final int PORT_MIN = 20_000;

    private static final int PORT_MAX = 32_768;
    private static final int PORT_TRIES = 100;
    private static final Duration DRAINED = Duration.ofSeconds(45);

    private final String name;
    private final List<String> command;
    private final String password;
    private final Path log;
    private final URI origin;
    private volatile Optional<Process> process = Optional.empty();

    /**
     * @param name for people
     * @param program which {@code serve} and its options follow
     * @param options without addresses
     * @param log where what it says is added
     */
    ServeProcess(String name, List<String> program, List<String> options, String password, Path log)
            throws IOException {
        this.name = name;
        this.password = password;
        this.log = log;
        int http = freePort();
        this.origin = URI.create("http://127.0.0.1:" + http);
        this.command = new ArrayList<>(program);
        command.add("serve");
        command.addAll(options);
        command.addAll(List.of("--http", "127.0.0.1:" + http, "--tls", "127.0.0.1:" + freePort()));
    }

    private static int freePort() throws IOException {
        for (int i = 0; i < PORT_TRIES; i++) {
            int port = ThreadLocalRandom.current().nextInt(PORT_MIN, PORT_MAX);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (java.net.BindException e) {
                // It is somebody's.
            }
        }
        throw new IOException("none of " + PORT_TRIES + " ports was free");
    }

    /** Starts it, unless it lives. */
    public synchronized void start() throws IOException {
        if (!alive()) {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
            builder.environment().put("SKERRY_DATABASE_PASSWORD", password);
            process = Optional.of(builder.start());
        }
    }

    public String name() {
        return name;
    }

    public URI origin() {
        return origin;
    }

    public boolean alive() {
        return process.filter(Process::isAlive).isPresent();
    }

    /** Launchers become what they launch, so this is its number. */
    public long pid() {
        return process.map(Process::pid).orElse(-1L);
    }

    /** @param signal as kill(1) has it */
    public void signal(String signal) {
        process.filter(Process::isAlive).ifPresent(each -> Processes.signal(signal, each.pid()));
    }

    /** As {@code kill -9}; returns when it is gone. */
    public void kill() throws InterruptedException {
        if (process.isPresent()) {
            process.get().destroyForcibly();
            await(DRAINED);
        }
    }

    /** Whether it is gone within the bound. */
    public boolean await(Duration bound) throws InterruptedException {
        return process.isEmpty() || process.get().waitFor(bound.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** SIGTERM; SIGKILL when that takes too long. */
    void end() throws InterruptedException {
        signal("CONT");
        process.ifPresent(Process::destroy);
        if (!await(DRAINED)) {
            kill();
        }
    }

    /** What it said, in all its runs. */
    public String said() throws IOException {
        return Files.exists(log) ? Files.readString(log) : "";
    }
}

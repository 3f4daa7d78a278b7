package dev.skerry.bench.chaos;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A PostgreSQL server in a folder and on a port of its own. It ends with this process, whatever ends that. PostgreSQL
 * refuses to run as root, so root starts it as nobody.
 */
final class Postgres implements AutoCloseable {
    private static final String USER = "skerry";
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final int SOCKET_SECONDS = 10;

    /** Ends the server when there is nobody any more who could write a line. */
    private static final String GUARD = "\"$@\" </dev/null & p=$!; read -r line; kill -QUIT $p; wait $p";

    private final Path binaries;
    private final Path folder;
    private final int port;
    private final String password = UUID.randomUUID().toString();
    private Optional<Process> guard = Optional.empty();

    private Postgres(Path binaries, Path folder, int port) {
        this.binaries = binaries;
        this.folder = folder;
        this.port = port;
    }

    /** @param folder that is not there yet */
    static Postgres start(Path folder) throws IOException, InterruptedException {
        Postgres server = new Postgres(binaries(), Files.createDirectory(folder), freePort());
        server.create();
        server.run();
        return server;
    }

    private static Path binaries() throws IOException {
        Path versions = Path.of("/usr/lib/postgresql");
        if (Files.isDirectory(versions)) {
            try (Stream<Path> all = Files.list(versions)) {
                Optional<Path> newest = all.map(version -> version.resolve("bin"))
                        .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
                        .max(Comparator.naturalOrder());
                if (newest.isPresent()) {
                    return newest.get();
                }
            }
        }
        throw new IOException("PostgreSQL is missing: apt-get install -y --no-install-recommends postgresql");
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private List<String> asNobody(String program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        if (Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0)) {
            command.addAll(List.of("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"));
        }
        command.add(binaries.resolve(program).toString());
        command.addAll(List.of(arguments));
        return command;
    }

    private String data() {
        return folder.resolve("data").toString();
    }

    private void create() throws IOException {
        Path secret = Files.writeString(folder.resolve("password"), password);
        var nobody = folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody");
        Files.setOwner(folder, nobody);
        Files.setOwner(secret, nobody);
        Processes.run(asNobody(
                        "initdb",
                        "--pgdata=" + data(),
                        "--username=" + USER,
                        "--auth=scram-sha-256",
                        "--pwfile=" + secret,
                        "--encoding=UTF8",
                        "--locale=C.UTF-8",
                        "--no-sync",
                        "--no-instructions")
                .toArray(String[]::new));
    }

    /** Starts it, again, with what was committed. What is measured here is not its disk. */
    void run() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("sh", "-c", GUARD, "guard"));
        command.addAll(asNobody(
                "postgres",
                "-D",
                data(),
                "-p",
                Integer.toString(port),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
                "-c",
                "fsync=off",
                "-c",
                "max_connections=100"));
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()))
                .start();
        guard = Optional.of(process);
        Waiting.until("PostgreSQL to answer", BOUND, () -> {
            if (!process.isAlive()) {
                throw new IllegalStateException("PostgreSQL has ended; its log is " + folder.resolve("log"));
            }
            return answers();
        });
    }

    private boolean answers() {
        try (Connection connection = connect()) {
            return connection.isValid(SOCKET_SECONDS);
        } catch (SQLException e) {
            return false;
        }
    }

    /** Ends it as a crash would. */
    void stop() throws IOException, InterruptedException {
        if (guard.isPresent()) {
            Process process = guard.get();
            process.getOutputStream().close();
            if (!process.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS)) {
                throw new IOException("PostgreSQL does not end");
            }
            guard = Optional.empty();
        }
    }

    /** As the setting {@code database} has it. */
    String address() {
        return "postgresql://" + USER + "@127.0.0.1:" + port + "/postgres?sslmode=disable";
    }

    String password() {
        return password;
    }

    /** A connection with bounds for whatever may hang. */
    Connection connect() throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", USER);
        properties.setProperty("password", password);
        properties.setProperty("sslmode", "disable");
        properties.setProperty("connectTimeout", Integer.toString(SOCKET_SECONDS));
        properties.setProperty("socketTimeout", Integer.toString(SOCKET_SECONDS));
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", properties);
    }

    @Override
    public void close() throws IOException {
        try {
            stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

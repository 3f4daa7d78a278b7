package dev.skerry.server.database;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.UserPrincipal;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * A PostgreSQL server of the tests: its own folder, its own port of the loopback, ended and removed with the tests. It
 * ends with this process too, whatever ends that. PostgreSQL refuses to run as root, so root starts it as nobody.
 */
public final class PostgresServer implements AutoCloseable {
    /** So that what is printed or logged can be searched for it. */
    public static final Password PASSWORD = new Password("canary-of-the-database-5f0e");

    private static final String USER = "skerry";
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final int PORT_MIN = 20_000;
    private static final int PORT_MAX = 32_000;
    private static final int PORT_TRIES = 100;

    /** Ends the server when there is nobody any more who could write a line. */
    private static final String GUARD = "\"$@\" </dev/null & p=$!; read -r line; kill -QUIT $p; wait $p";

    private final Path binaries;
    private final Path folder;
    private final int port;
    private Optional<Process> guard = Optional.empty();
    private boolean migrated;

    private PostgresServer(Path binaries, Path folder, int port) {
        this.binaries = binaries;
        this.folder = folder;
        this.port = port;
    }

    public static synchronized PostgresServer start() {
        try {
            Path folder = Files.createTempDirectory("skerry-postgres-");
            PostgresServer server = new PostgresServer(binaries(), folder, freePort());
            server.create();
            server.run();
            return server;
        } catch (IOException e) {
            throw new IllegalStateException("PostgreSQL could not be started", e);
        }
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
        throw new IllegalStateException("PostgreSQL is missing: apt-get install -y --no-install-recommends postgresql");
    }

    /**
     * Not of those that the kernel gives to connections: while the database is away a client of it, or of another test,
     * could be given its port.
     */
    private static int freePort() throws IOException {
        for (int i = 0; i < PORT_TRIES; i++) {
            int port = ThreadLocalRandom.current().nextInt(PORT_MIN, PORT_MAX);
            try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return port;
            } catch (BindException e) {
                // It is somebody's.
            }
        }
        throw new IOException("none of " + PORT_TRIES + " ports was free");
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

    /** Of its {@code data} and its {@code log}. */
    public Path folder() {
        return folder;
    }

    private Path data() {
        return folder.resolve("data");
    }

    /** As a copy of what was made once for this clone: making it takes as long as a test. */
    private void create() throws IOException {
        if (Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0)) {
            Files.setOwner(folder, nobody());
        }
        Path target = Files.createDirectories(Path.of("target").toAbsolutePath());
        Path made = target.resolve("postgres-" + binaries.getParent().getFileName());
        try (FileChannel channel = FileChannel.open(
                        target.resolve("postgres.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock _ = channel.lock()) {
            if (Files.exists(made)) {
                run("cp", "-a", made.toString(), data().toString());
                return;
            }
            initialize();
            Path half = target.resolve("postgres-half");
            run("rm", "-rf", half.toString());
            run("cp", "-a", data().toString(), half.toString());
            Files.move(half, made);
        }
    }

    private UserPrincipal nobody() throws IOException {
        return folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody");
    }

    private void initialize() throws IOException {
        Path password = Files.writeString(folder.resolve("password"), PASSWORD.text());
        if (Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0)) {
            Files.setOwner(password, nobody());
        }
        run(asNobody(
                        "initdb",
                        "--pgdata=" + data(),
                        "--username=" + USER,
                        "--auth=scram-sha-256",
                        "--pwfile=" + password,
                        "--encoding=UTF8",
                        "--locale=C.UTF-8",
                        "--no-sync",
                        "--no-instructions")
                .toArray(String[]::new));
    }

    private void run(String... command) throws IOException {
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.onExit().join().exitValue() != 0) {
            throw new IllegalStateException(String.join(" ", command) + " failed: " + said);
        }
    }

    /** Starts it, again, with what was committed. Tests need no protection from a loss of power. */
    public void run() throws IOException {
        List<String> command = new ArrayList<>(List.of("sh", "-c", GUARD, "guard"));
        command.addAll(asNobody(
                "postgres",
                "-D",
                data().toString(),
                "-p",
                Integer.toString(port),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
                "-c",
                "fsync=off",
                "-c",
                "max_connections=200"));
        guard = Optional.of(new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start());
        long end = System.nanoTime() + BOUND.toNanos();
        while (true) {
            try {
                execute("SELECT 1");
                return;
            } catch (SQLException e) {
                if (System.nanoTime() > end || !guard.get().isAlive()) {
                    String log = Files.readString(folder.resolve("log"));
                    close();
                    throw new IllegalStateException("PostgreSQL does not answer: " + log, e);
                }
                LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
            }
        }
    }

    /** Ends it as a crash would. */
    public void stop() {
        guard.ifPresent(process -> {
            try {
                process.getOutputStream().close();
                if (!process.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS)) {
                    throw new IllegalStateException("PostgreSQL does not end");
                }
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        guard = Optional.empty();
    }

    public PostgresAddress address(String database) {
        return new PostgresAddress(USER, "127.0.0.1", port, database, "disable");
    }

    public static Connection connect(PostgresAddress database) throws SQLException {
        return PostgresConnections.unbounded(database, Optional.of(PASSWORD)).getConnection();
    }

    /** As text, with a statement for each row. */
    public String dump(String database) throws IOException {
        return client("pg_dump", "--inserts", "--no-owner", "--no-privileges", "--no-comments", database);
    }

    /** Saves a database with PostgreSQL's own program, in the form that its other one restores. */
    public void save(PostgresAddress database, Path file) throws IOException {
        String _ = client("pg_dump", "--format=custom", "--file=" + file, database.name());
    }

    /** @param database that is empty */
    public void restore(Path file, PostgresAddress database) throws IOException {
        String _ =
                client("pg_restore", "--no-owner", "--exit-on-error", "--dbname=" + database.name(), file.toString());
    }

    private String client(String program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                binaries.resolve(program).toString(), "--host=127.0.0.1", "--port=" + port, "--username=" + USER));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("PGPASSWORD", PASSWORD.text());
        Process process = builder.start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.onExit().join().exitValue() != 0) {
            throw new IllegalStateException(program + " failed");
        }
        return text;
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = connect(address("postgres"));
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    public PostgresAddress create(String database) {
        return create(database, "template1");
    }

    private PostgresAddress create(String database, String template) {
        try {
            execute("CREATE DATABASE " + database + " TEMPLATE " + template);
            return address(database);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** With the newest schema, which is made once. */
    synchronized PostgresAddress createMigrated(String database) {
        if (!migrated) {
            Database.open(create("migrated"), Optional.of(PASSWORD)).close();
            migrated = true;
        }
        return create(database, "migrated");
    }

    @Override
    public void close() {
        stop();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}

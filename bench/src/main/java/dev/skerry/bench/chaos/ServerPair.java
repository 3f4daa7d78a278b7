package dev.skerry.bench.chaos;

import dev.skerry.bench.Postgres;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

/**
 * Two servers on one PostgreSQL and one data folder, all their own, below a folder that is gone afterwards, with
 * whatever they have left on the host.
 */
public final class ServerPair implements AutoCloseable {
    /** The first start makes the certificate authority. */
    private static final Duration START = Duration.ofMinutes(5);

    /** The first sandbox waits for the template {@code base}. */
    private static final Duration FIRST = Duration.ofMinutes(5);

    private static final Duration CALL = Duration.ofSeconds(30);
    private static final Duration PROBE = Duration.ofSeconds(2);
    private static final String HOST_LEASES = "host:%";

    private final Path folder;
    private final Postgres postgres;
    private final Optional<Volume> volume;
    private final List<ServeProcess> servers;
    private final Client client;
    private final AtomicBoolean closed = new AtomicBoolean();

    private ServerPair(
            Path folder, Postgres postgres, Optional<Volume> volume, List<ServeProcess> servers, Client client) {
        this.folder = folder;
        this.postgres = postgres;
        this.volume = volume;
        this.servers = List.copyOf(servers);
        this.client = client;
    }

    /**
     * Who has the lease of the host, by the database.
     *
     * @param address its origin
     */
    public record Holder(String owner, String address, long fence) {}

    /** With the data folder on the file system of {@code /var/tmp}. Returns when one has the host. */
    static ServerPair start(List<String> program) throws IOException, InterruptedException {
        return start(program, 0, Optional.empty());
    }

    /** The same, with the templates of another data folder, so that none need be made. */
    public static ServerPair start(List<String> program, Path templates) throws IOException, InterruptedException {
        return start(program, 0, Optional.of(templates));
    }

    /**
     * @param program which {@code serve} and its options follow
     * @param volumeBytes of a file system for the data folder alone; 0: none
     * @param templates a data folder whose templates are shared
     */
    static ServerPair start(List<String> program, long volumeBytes, Optional<Path> templates)
            throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory(Path.of("/var/tmp"), "skerry-chaos-");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
        Path data = folder.resolve("data");
        Optional<Volume> volume = Optional.empty();
        Optional<Postgres> postgres = Optional.empty();
        try {
            if (volumeBytes > 0) {
                volume = Optional.of(Volume.mount(folder.resolve("volume"), data, volumeBytes));
            } else {
                Files.createDirectory(data);
            }
            Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwx------"));
            // Trees of templates are links to the system's files, so they stay on its file system.
            share(templates.orElse(folder.resolve("shared")), data);
            postgres = Optional.of(Postgres.start(folder.resolve("postgres"), Postgres.Commits.UNSYNCED));
            return serving(folder, program, postgres.get(), volume);
        } catch (IOException | InterruptedException | RuntimeException e) {
            if (postgres.isPresent()) {
                postgres.get().close();
            }
            if (volume.isPresent()) {
                volume.get().close();
            }
            delete(folder);
            throw e;
        }
    }

    private static void share(Path from, Path data) throws IOException {
        for (String part : List.of("layers", "templates")) {
            Files.createSymbolicLink(data.resolve(part), Files.createDirectories(from.resolve(part)));
        }
    }

    private static ServerPair serving(Path folder, List<String> program, Postgres postgres, Optional<Volume> volume)
            throws IOException, InterruptedException {
        Path settings = Files.writeString(folder.resolve("skerry.toml"), """
            drain = "1 s"

            [sandboxes]
            memory = "256 MiB"
            disk = "64 MiB"
            disk-files = 4000

            [rates]
            create = 10000
            mutate = 10000
            read = 10000
            """);
        List<ServeProcess> servers = List.of(
                server("one", folder, program, settings, postgres), server("two", folder, program, settings, postgres));
        try {
            ServeProcess first = servers.getFirst();
            ServeProcess second = servers.getLast();
            first.start();
            Path noted = folder.resolve("data/client.env");
            Waiting.until("the first server to be ready", START, () -> ready(first) && Files.exists(noted));
            // Its reading of classes and the making of the template take turns on few processors.
            second.start();
            ServerPair pair = new ServerPair(folder, postgres, volume, servers, new Client(key(noted)));
            pair.makeTemplate();
            Waiting.until("the second server to be ready", START, () -> ready(second));
            return pair;
        } catch (IOException | InterruptedException | RuntimeException e) {
            for (ServeProcess server : servers) {
                server.kill();
            }
            throw e;
        }
    }

    private static ServeProcess server(String name, Path folder, List<String> program, Path settings, Postgres postgres)
            throws IOException {
        return new ServeProcess(
                name,
                program,
                List.of(
                        "--config",
                        settings.toString(),
                        "--data",
                        folder.resolve("data").toString(),
                        "--database",
                        postgres.address()),
                postgres.password(),
                folder.resolve(name + ".log"));
    }

    private static boolean ready(ServeProcess server) throws InterruptedException {
        if (!server.alive()) {
            throw new IllegalStateException("server " + server.name() + " has ended: " + tail(server));
        }
        try (Client nobody = new Client("")) {
            return nobody.call(server.origin(), "GET", "/health/ready", "", PROBE)
                            .status()
                    == 200;
        } catch (IOException e) {
            return false;
        }
    }

    private static String tail(ServeProcess server) {
        try {
            String said = server.said();
            return said.substring(Math.max(0, said.length() - 4_000));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** The servers write it down for clients of this machine. */
    private static String key(Path file) throws IOException {
        return Files.readAllLines(file).stream()
                .filter(line -> line.startsWith("E2B_API_KEY="))
                .map(line -> line.substring(line.indexOf('=') + 1))
                .findFirst()
                .orElseThrow(() -> new IOException("no key in " + file));
    }

    private void makeTemplate() throws IOException, InterruptedException {
        ServeProcess first = servers.getFirst();
        Box box = client.create(first.origin(), 60, FIRST);
        client.call(first.origin(), "DELETE", "/sandboxes/" + box.id(), "", CALL);
    }

    public List<ServeProcess> servers() {
        return servers;
    }

    Set<Long> pids() {
        return servers.stream().map(ServeProcess::pid).collect(Collectors.toSet());
    }

    public Client client() {
        return client;
    }

    Path data() {
        return folder.resolve("data");
    }

    Postgres postgres() {
        return postgres;
    }

    Optional<Volume> volume() {
        return volume;
    }

    String instance() throws IOException {
        return Files.readString(data().resolve("instance")).strip();
    }

    /** A connection to the database, as nobody of the servers. */
    public Connection database() throws SQLException {
        return postgres.connect();
    }

    /** Empty while nobody has it. */
    public Optional<Holder> holder() throws SQLException {
        try (Connection connection = database();
                var query = connection.prepareStatement("SELECT owner, address, fence FROM leases WHERE id LIKE ?"
                        + " AND expires_at > CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)")) {
            query.setString(1, HOST_LEASES);
            try (ResultSet rows = query.executeQuery()) {
                return rows.next()
                        ? Optional.of(new Holder(rows.getString(1), rows.getString(2), rows.getLong(3)))
                        : Optional.empty();
            }
        }
    }

    /** The server that has the host; waits until there is one that lives. */
    public ServeProcess holding(Duration bound) throws InterruptedException {
        AtomicReference<Optional<ServeProcess>> found = new AtomicReference<>(Optional.empty());
        Waiting.until("a server to have the host", bound, () -> {
            try {
                found.set(holder().flatMap(holder -> servers.stream()
                        .filter(server ->
                                holder.address().equals(server.origin().toString()))
                        .filter(ServeProcess::alive)
                        .findFirst()));
            } catch (SQLException e) {
                return false;
            }
            return found.get().isPresent();
        });
        return found.get().orElseThrow();
    }

    public ServeProcess other(ServeProcess server) {
        return servers.getFirst() == server ? servers.getLast() : servers.getFirst();
    }

    /** Starts it unless it lives, and waits until it is ready. */
    public void revive(ServeProcess server) throws IOException, InterruptedException {
        server.start();
        Waiting.until("server " + server.name() + " to be ready again", START, () -> ready(server));
    }

    /** Ends all sandboxes, whoever has them. */
    void endAllSandboxes() throws InterruptedException {
        ServeProcess holder = holding(START);
        Waiting.until("all sandboxes to be gone", START, () -> {
            try {
                List<String> ids = client.list(holder.origin(), CALL);
                for (String id : ids) {
                    client.call(holder.origin(), "DELETE", "/sandboxes/" + id, "", CALL);
                }
                return ids.isEmpty();
            } catch (IOException e) {
                return false;
            }
        });
    }

    /** Removes everything, also when that began to go wrong before. */
    @Override
    public void close() throws IOException {
        if (closed.getAndSet(true)) {
            return;
        }
        try {
            end();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("something of " + folder + " is left");
        }
    }

    private void end() throws IOException, InterruptedException {
        try {
            for (ServeProcess server : servers) {
                server.signal("CONT");
            }
            if (servers.stream().anyMatch(ServeProcess::alive)) {
                endAllSandboxes();
            }
        } catch (IllegalStateException e) {
            System.err.println("sandboxes are ended without being asked: " + e.getMessage());
        } finally {
            for (ServeProcess server : servers) {
                server.end();
            }
            client.close();
            String instance = Files.exists(data().resolve("instance")) ? instance() : "";
            if (!instance.isEmpty()) {
                new HostView(instance, data()).clear();
            }
            postgres.close();
            if (volume.isPresent()) {
                volume.get().close();
            }
            delete(folder);
        }
    }

    /** Without following links. */
    static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException e) throws IOException {
                Files.deleteIfExists(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}

package dev.skerry.server.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.database.Database;
import dev.skerry.server.leases.Lease;
import dev.skerry.server.leases.LeaseTable;
import dev.skerry.server.leases.Leases;
import dev.skerry.server.secrets.SecretFile;
import dev.skerry.server.settings.DatabaseSettings;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a backup is, and what is refused. */
@Timeout(120)
class RestoreTest {
    private static final InstantSource CLOCK = InstantSource.system();
    private static final LeaseTable.Candidate A = new LeaseTable.Candidate("a", URI.create("http://127.0.0.1:1"));

    @TempDir
    private Path folder;

    private Path data;
    private Path backup;

    @BeforeEach
    void makeData() throws IOException {
        data = Files.createDirectory(folder.resolve("data"));
        backup = folder.resolve("backup");
        new SecretFile(data).readOrMake();
        Files.createDirectory(data.resolve("tls"));
        Files.writeString(data.resolve("tls/ca.key"), "a key");
        Files.writeString(data.resolve("tls/ca.pem"), "a certificate");
        Files.writeString(data.resolve("instance"), "abcd1234\n");
        Database.open(data.resolve("skerry.db")).close();
    }

    private Backup.Written write(String database) {
        return Backup.write(new Backup.Order(data, Optional.empty(), database, "1.2.3", backup, false), CLOCK);
    }

    private Path target() {
        return folder.resolve("restored");
    }

    private Restore.Done restore(Path from, boolean replace) {
        return Restore.run(new Restore.Order(from, target(), replace, Optional.empty(), Optional.empty()), CLOCK);
    }

    private static void refused(ErrorCode code, String words, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(Failure.class, failure -> {
                    assertThat(failure.code()).as(failure.getMessage()).isEqualTo(code);
                    assertThat(failure.hint()).isPresent();
                })
                .hasMessageContaining(words);
    }

    /** Path to content, of all that is below a folder. */
    private static Map<String, String> tree(Path folder) throws IOException {
        Map<String, String> tree = new TreeMap<>();
        if (Files.exists(folder)) {
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path path : all.filter(Files::isRegularFile).toList()) {
                    String content = new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
                    tree.put(folder.relativize(path).toString(), content);
                }
            }
        }
        return tree;
    }

    @Test
    void aBackupIsItsOwnersAloneAndSaysWhatIsInIt() throws IOException {
        Files.writeString(folder.resolve("s.toml"), "drain = \"7s\"\n");
        Backup.Written written = Backup.write(
                new Backup.Order(data, Optional.of(folder.resolve("s.toml")), Manifest.SQLITE, "1.2.3", backup, false),
                CLOCK);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(backup)))
                .isEqualTo("rw-------");
        assertThat(written.manifest().files().keySet()).containsExactlyInAnyOrderElementsOf(BackupFile.NAMES);
        assertThat(written.manifest().schema()).isEqualTo(Database.newestSchema());
        assertThat(folder).isDirectoryNotContaining("glob:**/.backup*");
        Restore.Done done = restore(backup, false);
        assertThat(done.manifest()).isEqualTo(written.manifest());
        Map<String, String> before = tree(data);
        Map<String, String> after = tree(target());
        assertThat(after.get("settings.toml")).isEqualTo("drain = \"7s\"\n");
        for (String name : List.of("secret", "tls/ca.key", "tls/ca.pem", "instance")) {
            assertThat(after.get(name)).isEqualTo(before.get(name));
        }
        try (Stream<Path> all = Files.walk(target())) {
            assertThat(all.filter(Files::isRegularFile).filter(path -> !path.endsWith("ca.pem")))
                    .allSatisfy(path -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                            .endsWith("------"));
        }
    }

    @Test
    void thereIsOneOfEachNameUnlessItIsSaid() {
        write(Manifest.SQLITE);
        refused(ErrorCode.CONFLICT, "already", () -> write(Manifest.SQLITE));
        Backup.write(new Backup.Order(data, Optional.empty(), Manifest.SQLITE, "2", backup, true), CLOCK);
        assertThat(restore(backup, false).manifest().product()).isEqualTo("2");
    }

    @Test
    void aPlaceThatIsNoneIsRefusedAndNotMade() {
        for (Path place : List.of(folder.resolve("absent/backup"), folder, Path.of("/"))) {
            refused(
                    ErrorCode.INVALID_REQUEST,
                    place + " is not the name of a file",
                    () -> Backup.write(
                            new Backup.Order(data, Optional.empty(), Manifest.SQLITE, "1", place, true), CLOCK));
        }
        assertThat(folder.resolve("absent")).doesNotExist();
    }

    @Test
    void whatNoServerHasIsRefused() throws IOException {
        refused(
                ErrorCode.NOT_FOUND,
                "no database",
                () -> Backup.write(
                        new Backup.Order(folder, Optional.empty(), Manifest.SQLITE, "1", backup, false), CLOCK));
        Files.writeString(data.resolve("skerry.db"), "no database ".repeat(1000));
        refused(ErrorCode.CONFLICT, "cannot be copied", () -> write(Manifest.SQLITE));
        assertThat(backup).doesNotExist();
    }

    @Test
    void aSecretThatIsMissingIsSeenWhenTheBackupIsMade() {
        try (Database database = Database.open(data.resolve("skerry.db"))) {
            int _ = database.write(handle -> handle.execute("INSERT INTO webhooks VALUES ('w', 'default', 'n', 'u', 1,"
                    + " '', 'v1.01234567.AAAA', 0, 0, 0, 0, 0, 0, '')"));
        }
        refused(ErrorCode.CONFLICT, "01234567", () -> write(Manifest.SQLITE));
        assertThat(backup).doesNotExist();
    }

    /** Of every beginning of a backup, and of one with any byte changed: all of it or nothing. */
    @Test
    void whatIsDamagedIsRefusedAndNothingIsLeft() throws IOException {
        write(Manifest.SQLITE);
        byte[] whole = Files.readAllBytes(backup);
        Path intact = folder.resolve("intact");
        Restore.unpack(backup, intact);
        Map<String, String> expected = tree(intact);
        Random random = new Random(1);
        Path broken = folder.resolve("broken");
        int refused = 0;
        for (int i = 0; i < 150; i++) {
            byte[] changed = whole.clone();
            int at = random.nextInt(whole.length);
            if (i % 3 == 0) {
                changed = Arrays.copyOf(whole, at);
            } else {
                changed[at] ^= (byte) (1 << random.nextInt(8));
            }
            Files.write(broken, changed);
            Path out = folder.resolve("out-" + i);
            try {
                Restore.unpack(broken, out);
                assertThat(tree(out)).as("byte " + at).isEqualTo(expected);
            } catch (Failure e) {
                assertThat(e.code()).isIn(ErrorCode.CONFLICT, ErrorCode.INVALID_REQUEST);
                refused++;
            }
            PrivateFiles.delete(out);
        }
        assertThat(refused).isGreaterThan(120);
        Files.write(broken, Arrays.copyOf(whole, whole.length - 1));
        refused(ErrorCode.CONFLICT, "damaged", () -> restore(broken, false));
        assertThat(target()).isEmptyDirectory();
    }

    private Path edited(UnaryOperator<String> manifest) throws IOException {
        Path copy = folder.resolve("edited");
        try (ZipFile from = new ZipFile(backup.toFile());
                ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(copy))) {
            for (ZipEntry entry : from.stream().toList()) {
                out.putNextEntry(new ZipEntry(entry.getName()));
                try (InputStream in = from.getInputStream(entry)) {
                    byte[] content = in.readAllBytes();
                    out.write(
                            entry.getName().equals(Manifest.NAME)
                                    ? manifest.apply(new String(content, StandardCharsets.UTF_8))
                                            .getBytes(StandardCharsets.UTF_8)
                                    : content);
                }
            }
        }
        return copy;
    }

    @Test
    void aNewerOneIsRefused() throws IOException {
        write(Manifest.SQLITE);
        Path schema = edited(text -> text.replaceFirst("\"schema\" : \\d+", "\"schema\" : 999"));
        refused(
                ErrorCode.INVALID_REQUEST,
                "schema of version 999 (it was written by Skerry 1.2.3)",
                () -> restore(schema, false));
        Path form = edited(text -> text.replaceFirst("\"format\" : 1", "\"format\" : 2"));
        refused(ErrorCode.INVALID_REQUEST, "in form 2", () -> restore(form, false));
        assertThat(target()).isEmptyDirectory();
    }

    @Test
    void whatIsNoBackupIsSaidToBeNone() throws IOException {
        write(Manifest.SQLITE);
        Path other = edited(text -> text.replace("skerry-backup", "something"));
        refused(ErrorCode.INVALID_REQUEST, "no backup", () -> restore(other, false));
        refused(ErrorCode.INVALID_REQUEST, "a database file", () -> restore(data.resolve("skerry.db"), false));
        refused(ErrorCode.INVALID_REQUEST, "no backup", () -> restore(data.resolve("secret"), false));
        refused(ErrorCode.NOT_FOUND, "no file", () -> restore(folder.resolve("absent"), false));
        Path outside = edited(text -> text.replace("tls/ca.pem", "../ca.pem"));
        refused(ErrorCode.CONFLICT, "list of contents", () -> restore(outside, false));
    }

    @Test
    void aFolderThatIsNotEmptyStaysAsItIs() throws IOException {
        write(Manifest.SQLITE);
        Files.createDirectory(target());
        Files.writeString(target().resolve("secret"), "of somebody");
        refused(ErrorCode.CONFLICT, "not empty", () -> restore(backup, false));
        assertThat(tree(target())).isEqualTo(Map.of("secret", "of somebody"));
        Files.writeString(target().resolve("skerry.db-wal"), "of another database");
        Path old = restore(backup, true).replaced().orElseThrow();
        assertThat(tree(old)).isEqualTo(Map.of("secret", "of somebody", "skerry.db-wal", "of another database"));
        assertThat(target().resolve("skerry.db-wal")).doesNotExist();
    }

    /** Interrupted after each of its steps, and finished by whoever comes next. */
    @Test
    void aRestorationIsCarriedOutToItsEndAfterACrash() throws IOException {
        write(Manifest.SQLITE);
        Restore.unpack(backup, folder.resolve("fresh"));
        Map<String, String> fresh = tree(folder.resolve("fresh"));
        int steps = fresh.size() * 2;
        for (int step = 0; step <= steps; step++) {
            Path crashed = Files.createDirectory(folder.resolve("crashed-" + step));
            for (String name : fresh.keySet()) {
                PrivateFiles.folders(crashed.resolve(name).getParent());
                Files.writeString(crashed.resolve(name), "old " + name);
                PrivateFiles.copy(
                        folder.resolve("fresh").resolve(name),
                        crashed.resolve("restoring/new").resolve(name));
            }
            int left = step;
            for (String name : BackupFile.NAMES_AND_NOTE.stream()
                    .filter(fresh::containsKey)
                    .toList()) {
                Path aside = crashed.resolve("restoring/old").resolve(name);
                PrivateFiles.folders(aside.getParent());
                if (left-- > 0) {
                    Files.move(crashed.resolve(name), aside);
                }
                if (left-- > 0) {
                    Files.move(crashed.resolve("restoring/new").resolve(name), crashed.resolve(name));
                }
            }
            assertThat(Replacement.finish(crashed)).isTrue();
            Map<String, String> after = tree(crashed);
            for (Map.Entry<String, String> each : fresh.entrySet()) {
                assertThat(after).containsEntry(each.getKey(), each.getValue());
                assertThat(after).containsEntry("replaced-1/old/" + each.getKey(), "old " + each.getKey());
            }
            assertThat(Replacement.finish(crashed)).isFalse();
        }
    }

    @Test
    void numbersOfLeasesNeverFallHoweverOftenTheSameIsRestored() throws IOException {
        Lease before;
        try (Database database = Database.open(data.resolve("skerry.db"))) {
            LeaseTable table = new Leases(database);
            table.release(table.acquire("host:x", A, Duration.ofSeconds(1)).orElseThrow());
            write(Manifest.SQLITE);
            before = table.acquire("host:x", A, Duration.ofSeconds(1)).orElseThrow();
        }
        long last = before.fence();
        for (int i = 0; i < 3; i++) {
            restore(backup, i > 0);
            try (Database database = Database.open(target().resolve("skerry.db"))) {
                Lease next = new Leases(database)
                        .acquire("host:x", A, Duration.ofSeconds(1))
                        .orElseThrow();
                assertThat(next.fence()).isGreaterThan(last);
                last = next.fence();
            }
            // What a host has seen counts too, whatever a clock says.
            last = last + Duration.ofDays(1).toMillis() * 1000;
            Files.writeString(target().resolve("agent.epoch"), last + "\n");
        }
    }

    @Test
    void aDatabaseBesideTheSettingsOfAnotherIsNeitherSavedNorPutThere() throws IOException {
        DatabaseSettings postgres = new DatabaseSettings(
                DatabaseSettings.database("postgresql://skerry@db/skerry"), Optional.empty(), Optional.empty());
        DatabaseNote.write(data, postgres);
        assertThat(DatabaseNote.settle(data, Optional.empty())).isEqualTo(postgres);
        refused(
                ErrorCode.CONFLICT,
                "postgresql://skerry@db:5432/skerry",
                () -> DatabaseNote.settle(data, Optional.of(DatabaseSettings.SQLITE)));
        Backup.Written written = write(postgres.database());
        assertThat(written.manifest().files()).doesNotContainKey("skerry.db").containsKeys("secret", "tls/ca.key");
        refused(ErrorCode.INVALID_REQUEST, "PostgreSQL", () -> restore(backup, false));
        Files.delete(backup);
        write(Manifest.SQLITE);
        DatabaseNote.write(target(), postgres);
        refused(ErrorCode.INVALID_REQUEST, "uses PostgreSQL", () -> restore(backup, true));
        refused(
                ErrorCode.INVALID_REQUEST,
                "uses PostgreSQL",
                () -> Restore.run(
                        new Restore.Order(backup, target(), true, Optional.of(postgres), Optional.empty()), CLOCK));
    }
}

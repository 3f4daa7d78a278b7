package dev.skerry.server.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.database.Database;
import dev.skerry.server.secrets.SecretFile;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The folder in which a backup is written: nobody else's, and nothing stays in it. */
class BackupFolderTest {
    @TempDir
    private Path folder;

    private Path data;
    private Path backup;
    private Path work;

    @BeforeEach
    void makeData() throws IOException {
        data = Files.createDirectory(folder.resolve("data"));
        backup = folder.resolve("skerry-2026-05-02.backup");
        work = folder.resolve(".skerry-2026-05-02.backup.part");
        new SecretFile(data).readOrMake();
        Database.open(data.resolve("skerry.db")).close();
    }

    private void write() {
        Backup.Written _ = Backup.write(
                new Backup.Order(data, Optional.empty(), Manifest.SQLITE, "1.2.3", backup, false),
                InstantSource.system());
    }

    private static void left(Path folder) throws IOException {
        PrivateFiles.folders(folder.resolve("files"));
        Files.writeString(folder.resolve("lock"), "");
        Files.writeString(folder.resolve("files/secret"), "a secret");
    }

    @Test
    void whatKilledOnesOfOtherNamesHaveLeftIsRemoved() throws IOException {
        Path killed = folder.resolve(".skerry-2026-05-01.backup.part");
        Path living = folder.resolve(".skerry-2026-04-30.backup.part");
        left(killed);
        left(living);
        Path foreign = Files.createDirectory(folder.resolve(".somebody.part"));
        Files.writeString(foreign.resolve("files"), "of another program");
        try (FileChannel channel = FileChannel.open(living.resolve("lock"), StandardOpenOption.WRITE);
                FileLock _ = channel.lock()) {
            write();
        }
        assertThat(killed).doesNotExist();
        assertThat(work).doesNotExist();
        assertThat(living.resolve("files/secret")).exists();
        assertThat(foreign.resolve("files")).exists();
        assertThat(backup).exists();
    }

    private void refused() throws IOException {
        assertThatThrownBy(this::write)
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.hint()).isPresent())
                .hasMessageContaining(work.toString());
        assertThat(backup).doesNotExist();
        PrivateFiles.delete(work);
    }

    @Test
    void aFolderThatSomebodyElseHasMadeIsRefused() throws IOException {
        Files.createDirectory(work);
        Files.setPosixFilePermissions(work, PosixFilePermissions.fromString("rwxrwxrwx"));
        refused();
        Path elsewhere = Files.createDirectory(
                folder.resolve("elsewhere"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.createSymbolicLink(work, elsewhere);
        refused();
        assertThat(elsewhere).isEmptyDirectory();
        Files.deleteIfExists(work);
        if (Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0)) {
            PrivateFiles.folders(work);
            Files.setAttribute(work, "unix:uid", 65534);
            refused();
        }
        write();
        assertThat(backup).exists();
    }
}

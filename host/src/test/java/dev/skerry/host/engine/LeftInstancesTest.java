package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.templates.LockFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.InstantSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftInstancesTest {
    private static final String ID = "abcd1234";

    @TempDir
    private Path folder;

    private Path run;
    private Path data;
    private LeftInstances left;

    @BeforeEach
    void make() throws IOException {
        run = Files.createDirectories(folder.resolve("run/" + ID));
        data = Files.createDirectories(folder.resolve("data"));
        Files.createDirectory(run.resolve("stage"));
        Files.createDirectory(run.resolve("names"));
        Files.writeString(run.resolve("guestd-1-2"), "x");
        Files.writeString(data.resolve("instance"), ID + "\n");
        LeftInstances.sign(run, data);
        left = new LeftInstances(folder.resolve("run"), InstantSource.system());
    }

    @Test
    void whatHasItsDataFolderStays() throws IOException {
        assertThat(left.remove()).isEmpty();
        // Its data folder is another instance now.
        Files.writeString(data.resolve("instance"), "other123\n");
        assertThat(left.find()).containsExactly(run.toString());
    }

    @Test
    void whatHasNoneIsRemoved() throws IOException {
        Path other = Files.createDirectory(folder.resolve("run/uid-ranges"));
        Files.delete(data.resolve("instance"));
        Files.delete(data);
        assertThat(left.find()).containsExactly(run.toString());
        assertThat(left.remove()).containsExactly(run.toString());
        assertThat(run).doesNotExist();
        assertThat(other).exists();
        assertThat(left.find()).isEmpty();
    }

    @Test
    void whatHasASandboxStays() throws IOException {
        Files.delete(data.resolve("instance"));
        Files.createDirectory(run.resolve("0123456789abcdefghijklmno.1"));
        assertThat(left.remove()).isEmpty();
        Files.delete(run.resolve("0123456789abcdefghijklmno.1"));
        Files.createSymbolicLink(run.resolve("names/box"), Path.of("0123456789abcdefghijklmno.1"));
        assertThat(left.remove()).isEmpty();
    }

    /** A server that is just starting has made its folder, and says next whose it is. */
    @Test
    void whatHasNotYetSaidWhoseItIsStays() throws IOException {
        Files.delete(run.resolve("data"));
        assertThat(left.remove()).isEmpty();
        Files.setLastModifiedTime(
                run, FileTime.from(InstantSource.system().instant().minus(Duration.ofHours(2))));
        assertThat(left.find()).containsExactly(run.toString());
    }

    @Test
    void whatSomebodyHasOpenStays() throws IOException {
        Files.delete(data.resolve("instance"));
        try (LockFile _ = Instance.hold(run)) {
            assertThat(left.find()).isEmpty();
        }
        assertThat(left.find()).hasSize(1);
    }
}

package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.cli.client.EnvFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnvFileTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @Test
    void whatIsWrittenIsReadAndForTheOwnerAlone() throws IOException {
        Path file = folder.resolve("x.env");
        EnvFile.write(file, Map.of("A", "b=c d", "B", ""));
        assertThat(EnvFile.read(file)).isEqualTo(Map.of("A", "b=c d", "B", ""));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void linesOfOthersStayAndOursAreReplaced() throws IOException {
        Path file = Files.writeString(folder.resolve("x.env"), "# mine\nOTHER=1\nA=old\n\nNOT A LINE\n");
        EnvFile.write(file, Map.of("A", "new"));
        assertThat(file).hasContent("# mine\nOTHER=1\n\nNOT A LINE\nA=new");
        assertThat(EnvFile.read(file)).isEqualTo(Map.of("OTHER", "1", "A", "new"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void aLinkIsReplacedAndNotFollowed() throws IOException {
        Path victim = Files.writeString(folder.resolve("victim"), "root:x:0:0\n");
        Path link = Files.createSymbolicLink(folder.resolve("x.env"), victim);
        EnvFile.write(link, Map.of("A", "1"));
        assertThat(victim).hasContent("root:x:0:0");
        assertThat(Files.isSymbolicLink(link)).isFalse();
        assertThat(link).hasContent("A=1");
    }

    @Test
    void whatIsNotThereHoldsNothingAndWhatCannotBeWrittenIsSaid() {
        assertThat(EnvFile.read(folder.resolve("none"))).isEmpty();
        Path nowhere = folder.resolve("none/x.env");
        assertThatThrownBy(() -> EnvFile.write(nowhere, Map.of("A", "1")))
                .hasMessageContaining("none/x.env cannot be written");
        assertThatThrownBy(() -> EnvFile.read(folder)).hasMessageContaining("cannot be read");
    }

    @Test
    void aFileThatIsRightIsLeftAlone() throws IOException {
        Path file = folder.resolve("x.env");
        EnvFile.write(file, Map.of("A", "1"));
        Object first = Files.getAttribute(file, "unix:ino");
        EnvFile.write(file, Map.of("A", "1"));
        assertThat(Files.getAttribute(file, "unix:ino")).isEqualTo(first);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        EnvFile.write(file, Map.of("A", "1"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }
}

package dev.skerry.host.templates;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PristineFilesTest {
    private static final String MODULE = "etc/python3.11/sitecustomize.py";

    /** The bytecode beside a module of Python remembers the module's time, and is not used when that is another. */
    @Test
    void aCopyIsAsOldAsTheFile(@TempDir Path folder) throws IOException {
        Path source = Files.createDirectories(folder.resolve("host/etc/python3.11"))
                .getParent()
                .getParent()
                .resolve(MODULE);
        Files.writeString(source, "import sys\n");
        Files.setLastModifiedTime(source, FileTime.from(Instant.ofEpochSecond(1_745_849_508)));
        Path tree = Files.createDirectory(folder.resolve("tree"));
        try (Folder into = Folder.open(tree)) {
            new PristineFiles(folder.resolve("host"), into).add(List.of(MODULE));
        }
        assertThat(tree.resolve(MODULE)).hasContent("import sys\n");
        assertThat(Files.getLastModifiedTime(tree.resolve(MODULE))).isEqualTo(Files.getLastModifiedTime(source));
    }
}

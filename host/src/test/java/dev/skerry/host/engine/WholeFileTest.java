package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a file system with room for a few files. */
class WholeFileTest {
    private static final int PAGES = 16;
    private static final byte[] PAGE = new byte[4096];

    @TempDir
    private Path folder;

    @BeforeEach
    void mount() throws Exception {
        run("mount", "-t", "tmpfs", "-o", "size=" + PAGES * PAGE.length, "tmpfs", folder.toString());
    }

    @AfterEach
    void unmount() throws Exception {
        run("umount", folder.toString());
    }

    private static void run(String... command) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder(List.of(command)).inheritIO().start().waitFor())
                .isZero();
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.startsWith("ballast"))
                    .toList();
        }
    }

    @Test
    void aFileIsReplacedAndNobodyElseReadsIt() throws IOException {
        Path file = folder.resolve("record");
        WholeFile.replace(file, "one");
        WholeFile.replace(file, "other");
        assertThat(file).content().isEqualTo("other");
        assertThat(files()).containsExactly("record");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void onAFullDiskTheFileStaysAsItWasAndNothingIsLeft() throws IOException {
        Path file = folder.resolve("record");
        WholeFile.replace(file, "one");
        assertThatThrownBy(() -> {
                    for (int i = 0; i <= PAGES; i++) {
                        Files.write(folder.resolve("ballast" + i), PAGE);
                    }
                })
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> WholeFile.replace(file, "other")).isInstanceOf(IOException.class);
        assertThat(file).content().isEqualTo("one");
        assertThat(files()).containsExactly("record");
    }
}

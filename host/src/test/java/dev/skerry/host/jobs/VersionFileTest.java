package dev.skerry.host.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.jobs.VersionFile.Version;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept of the languages of templates. */
class VersionFileTest {
    private static final String DIGEST = "sha256:abc";

    @TempDir
    private Path folder;

    @Test
    void whatWasWrittenIsRead() {
        var file = new VersionFile(folder.resolve("runtimes"));
        assertThat(file.read(DIGEST)).isEmpty();
        List<Version> versions =
                List.of(new Version(Language.PYTHON, 0, "3.11.2"), new Version(Language.C, 0, "12.2.0"));
        file.write(DIGEST, versions);
        assertThat(file.read(DIGEST)).hasValue(versions);
    }

    /** As on a disk that is full. */
    @Test
    void whatCannotBeKeptLeavesNothing() throws Exception {
        Path taken = Files.createDirectories(folder.resolve("abc").resolve("by something else"));
        new VersionFile(folder).write(DIGEST, List.of());
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).containsExactly(taken.getParent());
        }
        Path file = Files.createFile(folder.resolve("file"));
        new VersionFile(file).write(DIGEST, List.of());
        assertThat(file).isEmptyFile();
    }

    /** It is not asked again at each start. */
    @Test
    void aTemplateWithoutLanguagesIsKnownToHaveNone() {
        var file = new VersionFile(folder);
        file.write(DIGEST, List.of());
        assertThat(file.read(DIGEST)).hasValue(List.of());
    }
}

package dev.skerry.host.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.jobs.VersionFile.Version;
import java.nio.file.Path;
import java.util.List;
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

    /** It is not asked again at each start. */
    @Test
    void aTemplateWithoutLanguagesIsKnownToHaveNone() {
        var file = new VersionFile(folder);
        file.write(DIGEST, List.of());
        assertThat(file.read(DIGEST)).hasValue(List.of());
    }
}

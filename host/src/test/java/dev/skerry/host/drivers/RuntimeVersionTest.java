package dev.skerry.host.drivers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RuntimeVersionTest {
    @TempDir
    private Path folder;

    private void install(String prints) throws IOException {
        Path fresh = folder.resolve("fresh");
        Files.writeString(fresh, "#!/bin/sh\necho asked >> " + folder.resolve("asked") + "\n" + prints + "\n");
        Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.move(fresh, folder.resolve("crun"), StandardCopyOption.ATOMIC_MOVE);
    }

    private RuntimeVersion version() {
        return new RuntimeVersion(new RuntimeProgram("crun", folder.resolve("crun")));
    }

    private int timesAsked() throws IOException {
        return Files.readAllLines(folder.resolve("asked")).size();
    }

    @Test
    void aRuntimeIsAskedOnceAsLongAsItsFileIsTheSame() throws Exception {
        install("echo crun version 1.8.1");
        RuntimeVersion version = version();

        assertThat(version.text()).isEqualTo("crun 1.8.1");
        assertThat(version.text()).isEqualTo("crun 1.8.1");
        assertThat(timesAsked()).isEqualTo(1);
    }

    @Test
    void aRuntimeThatWasReplacedIsAskedAgain() throws Exception {
        install("echo crun version 1.8.1");
        RuntimeVersion version = version();
        assertThat(version.text()).isEqualTo("crun 1.8.1");

        install("echo crun version 1.9.2");

        assertThat(version.text()).isEqualTo("crun 1.9.2");
    }

    @Test
    void oneThatSaysNothingIsAskedAgain() throws Exception {
        install("exit 1");
        RuntimeVersion version = version();

        assertThat(version.text()).isEqualTo("crun");
        assertThat(version.text()).isEqualTo("crun");
        assertThat(timesAsked()).isEqualTo(2);
    }
}

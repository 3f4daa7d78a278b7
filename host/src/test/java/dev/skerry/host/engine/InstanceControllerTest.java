package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstanceControllerTest {
    private static final String ID = "abcd1234";

    @TempDir
    private Path run;

    private void own(String sandbox, ProcessIdentity owner) throws IOException {
        Path folder = Files.createDirectories(run.resolve(ID).resolve(sandbox));
        Files.writeString(folder.resolve("owner"), owner.toString());
    }

    @Test
    void aLivingProcessThatHasSandboxesOfAnInstanceIsFound() throws IOException {
        ProcessIdentity self = ProcessIdentity.self();
        assertThat(Instance.controller(run, ID)).isEmpty();
        own("0".repeat(25) + ".1", new ProcessIdentity(self.pid(), self.startTicks() + 1));
        assertThat(Instance.controller(run, ID)).isEmpty();
        own("1".repeat(25) + ".1", self);
        assertThat(Instance.controller(run, ID)).contains(self);
        assertThat(Instance.controller(run, "other000")).isEmpty();
        assertThat(Instance.controller(run.resolve(ID), "..")).isEmpty();
    }
}

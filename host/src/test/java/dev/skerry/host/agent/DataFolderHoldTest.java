package dev.skerry.host.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderHoldTest {
    @TempDir
    private Path folder;

    @Test
    void aFolderInWhichNothingNewCanBeMadeIsTakenAllTheSame() throws Exception {
        Path pid = folder.resolve("agent.pid");
        Files.writeString(pid, "1 1");
        // Stands for a full disk: the file that is to take its place cannot be written.
        Files.createDirectory(folder.resolve("agent.pid.new"));
        try (DataFolderHold hold = DataFolderHold.take(folder)) {
            assertThat(hold).isNotNull();
            assertThat(pid).content().startsWith(ProcessHandle.current().pid() + " ");
        }
    }
}

package dev.skerry.host.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderHoldTest {
    @TempDir
    private Path folder;

    @Test
    void aFileIsNoDataFolder() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "mine");
        Failure failure = catchThrowableOfType(Failure.class, () -> DataFolderHold.take(file));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
        assertThat(failure).hasMessageContaining("is not a folder").hasMessageNotContaining("Exception");
        assertThat(Files.readString(file)).isEqualTo("mine");
    }

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

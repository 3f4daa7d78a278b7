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

final class DataFolderHoldTest {
    @TempDir
    Path folder;

    @Test
    void aFileIsNoDataFolder() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "mine");
        Failure failure = catchThrowableOfType(Failure.class, () -> DataFolderHold.take(file));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
        assertThat(failure).hasMessageContaining("is not a folder").hasMessageNotContaining("Exception");
        assertThat(Files.readString(file)).isEqualTo("mine");
    }
}

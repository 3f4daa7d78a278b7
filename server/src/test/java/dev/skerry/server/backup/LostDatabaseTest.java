package dev.skerry.server.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.sandboxes.SimulatedHost;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A data folder whose database is not there any more. */
@Timeout(120)
class LostDatabaseTest {
    @TempDir
    private Path folder;

    private final SimulatedHost host = new SimulatedHost();
    private String sandbox = "";

    /** Serves the folder, leaves a sandbox behind, and takes all but the first bytes of the database away. */
    private Path cutOff(long bytes) throws IOException, InterruptedException {
        Path data = Files.createDirectory(folder.resolve("data"));
        try (ServedFolder server = ServedFolder.open(data, host)) {
            sandbox = server.create();
        }
        Path database = data.resolve("skerry.db");
        for (String more : new String[] {"-wal", "-shm"}) {
            Files.deleteIfExists(data.resolve("skerry.db" + more));
        }
        if (bytes < 0) {
            Files.delete(database);
        } else {
            try (FileChannel file = FileChannel.open(database, StandardOpenOption.WRITE)) {
                file.truncate(bytes);
            }
        }
        return data;
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 0, 3000})
    void noNewOneIsBegunInItsPlace(long bytes) throws Exception {
        Path data = cutOff(bytes);
        assertThatThrownBy(() -> ServedFolder.open(data, host).close())
                .isInstanceOfSatisfying(Failure.class, failure -> {
                    assertThat(failure.code()).isEqualTo(ErrorCode.CONFLICT);
                    assertThat(failure.getMessage()).contains("skerry.db is gone or empty");
                    assertThat(failure.hint().orElseThrow()).contains("delete " + data.resolve("database"));
                });
        assertThat(host.boxes())
                .as("it lives on")
                .anyMatch(box -> box.incarnation().id().text().equals(sandbox));
    }

    @Test
    void whoSaysSoBeginsAnew() throws Exception {
        Path data = cutOff(-1);
        Files.delete(data.resolve("database"));
        ServedFolder.open(data, host).close();
        assertThat(data.resolve("skerry.db")).isNotEmptyFile();
    }
}

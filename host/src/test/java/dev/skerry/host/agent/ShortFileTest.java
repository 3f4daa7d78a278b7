package dev.skerry.host.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.host.engine.ProcessIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a file system with room for a few files, which is full. */
class ShortFileTest {
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

    private void fill() {
        assertThatThrownBy(() -> {
                    for (int i = 0; i <= PAGES; i++) {
                        Files.write(folder.resolve("ballast" + i), PAGE);
                    }
                })
                .isInstanceOf(IOException.class);
    }

    @Test
    void theEpochRisesOnAFullDisk() {
        AgentEpoch.raise(folder, 5);
        fill();
        AgentEpoch.raise(folder, 123);
        assertThatThrownBy(() -> AgentEpoch.raise(folder, 122)).hasMessageContaining("epoch 123");
        AgentEpoch.raise(folder, 123);
    }

    @Test
    void anEpochThatAnEarlierVersionWroteRisesOnAFullDisk() throws IOException {
        Files.writeString(folder.resolve("agent.epoch"), "7\n");
        fill();
        AgentEpoch.raise(folder, 8);
        assertThat(folder.resolve("agent.epoch")).content().startsWith("8 ");
    }

    @Test
    void whoHasTheDataFolderIsWrittenDownOnAFullDisk() throws Exception {
        try (DataFolderHold before = DataFolderHold.take(folder)) {
            assertThat(before).isNotNull();
        }
        ShortFile.replace(folder.resolve("agent.pid"), "1 1");
        fill();
        try (DataFolderHold hold = DataFolderHold.take(folder)) {
            assertThat(hold).isNotNull();
            assertThat(ProcessIdentity.parse(Files.readString(folder.resolve("agent.pid"))))
                    .contains(ProcessIdentity.self());
        }
    }

    @Test
    void whereThereIsNoFileYetAFullDiskIsReported() {
        fill();
        assertThatThrownBy(() -> ShortFile.replace(folder.resolve("agent.epoch"), "1"))
                .isInstanceOf(IOException.class);
    }
}

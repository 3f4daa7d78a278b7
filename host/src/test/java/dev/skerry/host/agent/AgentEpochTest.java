package dev.skerry.host.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class AgentEpochTest {
    @TempDir
    private Path folder;

    @Test
    void oneWhoseRightIsOlderComesTooLate() {
        AgentEpoch.raise(folder, 3);
        AgentEpoch.raise(folder, 3);
        AgentEpoch.raise(folder, 5);
        assertThatThrownBy(() -> AgentEpoch.raise(folder, 4))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.CONFLICT))
                .hasMessageContaining("epoch 5");
        assertThat(folder.resolve("agent.epoch")).content().startsWith("5 ");
    }

    @Test
    void aFileThatCannotBeReadLetsNobodyIn() throws IOException {
        Files.writeString(folder.resolve("agent.epoch"), "five");
        assertThatThrownBy(() -> AgentEpoch.raise(folder, 9)).isInstanceOf(Failure.class);
    }

    @Test
    void anAgentThatEndsWaitsForItsCommandsAndTakesNoMore() throws Exception {
        Commands commands = new Commands();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> ending;
            try (var _ = commands.enter()) {
                ending = threads.submit(commands::end);
                while (!refuses(commands)) {
                    Thread.onSpinWait();
                }
                assertThat(ending.isDone()).isFalse();
            }
            ending.get();
        }
        assertThat(refuses(commands)).isTrue();
    }

    private static boolean refuses(Commands commands) {
        try (var _ = commands.enter()) {
            return false;
        } catch (Failure e) {
            return true;
        }
    }
}

package dev.skerry.server.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of a decision that cannot be carried out is what the next start does with it. */
class ReplacementTest {
    @TempDir
    private Path data;

    private Path fresh;

    @BeforeEach
    void prepare() throws IOException {
        fresh = data.resolve(".restore.part/new");
        Files.createDirectories(fresh.resolve("tls"));
        Files.writeString(fresh.resolve("secret"), "new secret");
        Files.writeString(fresh.resolve("tls/ca.key"), "new key");
        Files.writeString(data.resolve("secret"), "old secret");
    }

    @Test
    void whatCouldNotBeginIsTakenBack() throws IOException {
        Files.writeString(data.resolve(".restore.part/old"), "no folder");
        assertThatThrownBy(() -> Replacement.decide(data)).isInstanceOf(IOException.class);
        assertThat(data.resolve("restoring")).doesNotExist();
        assertThat(Replacement.finish(data)).isFalse();
        assertThat(data.resolve("secret")).hasContent("old secret");
        assertThat(fresh.resolve("secret")).hasContent("new secret");
    }

    @Test
    void whatHasBegunIsDecidedAndFinishedByTheNextStart() throws IOException {
        Files.writeString(data.resolve("tls"), "no folder");
        assertThatThrownBy(() -> Replacement.decide(data))
                .isInstanceOf(Failure.class)
                .hasMessageContaining("is decided");
        assertThat(data.resolve("secret")).hasContent("new secret");
        Files.delete(data.resolve("tls"));
        assertThat(Replacement.finish(data)).isTrue();
        assertThat(data.resolve("tls/ca.key")).hasContent("new key");
        assertThat(data.resolve("replaced-1/old/secret")).hasContent("old secret");
    }
}

package dev.skerry.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.settings.SettingsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GeneratedDocsTest {
    private static final Path DOCS = Path.of(System.getProperty("skerry.root", ".."), "docs");

    @ParameterizedTest
    @ValueSource(strings = {"settings.md", "errors.md", "events.md"})
    void aDocumentSaysWhatTheCodeSays(String name) throws IOException {
        assertThat(Files.readString(DOCS.resolve(name)))
                .as("docs/%s is stale: run %s with the folder docs", name, GeneratedDocs.class.getName())
                .isEqualTo(GeneratedDocs.all().get(name));
    }

    @Test
    void theExampleIsTheStandard() throws IOException {
        String text = Files.readString(DOCS.resolve("settings.md"));
        String example = text.replaceFirst("(?s).*```toml\n", "").replaceFirst("(?s)```.*", "");
        assertThat(SettingsFile.parse(example, "the example")).isEqualTo(ServerSettings.DEFAULT);
        assertThat(example.lines().filter(line -> line.contains("="))).hasSameSizeAs(SettingsFile.keys());
    }
}

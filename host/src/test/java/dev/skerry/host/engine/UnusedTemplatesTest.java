package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.host.templates.ImportLimits;
import dev.skerry.host.templates.LayoutOnDisk;
import dev.skerry.host.templates.Template;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.SandboxId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What {@code template rm} leaves alone, as a process beside the server. */
class UnusedTemplatesTest {
    private static final String NAME = "tests/image";

    @RegisterExtension
    private final LeftBehind leftBehind = TestHost.LEFT_BEHIND;

    @TempDir
    private Path folder;

    private final TestHost host = TestHost.make();
    private final Engine server = host.engine();
    private final Engine command = host.engine();
    private String digest;

    @BeforeEach
    void importIt() throws IOException {
        Path image = LayoutOnDisk.of(folder.resolve("image"), "hello", "may be removed");
        digest = imported(image, NAME);
        assertThat(imported(image, NAME + "2")).isEqualTo(digest);
    }

    private String imported(Path image, String name) {
        return server.templates()
                .importOci(image, Optional.of(name), ImportLimits.DEFAULT)
                .digest();
    }

    @AfterEach
    void nothingIsLeft() {
        if (!names().isEmpty()) {
            server.templates().remove(digest);
        }
        server.close();
        command.close();
        host.assertNothingLeft();
    }

    private List<String> names() {
        return server.templates().named().stream()
                .filter(template -> template.digest().equals(digest))
                .map(Template::name)
                .toList();
    }

    private void remove(String name) {
        new UnusedTemplates(command).remove(name);
    }

    private void stays() {
        for (String name : List.of(NAME, digest)) {
            assertThatThrownBy(() -> remove(name))
                    .isInstanceOfSatisfying(
                            Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.CONFLICT));
        }
        assertThat(server.templates().find(NAME).resolve("/hello")).hasValueSatisfying(Files::exists);
    }

    @Test
    void whatRunsInItKeepsIt() {
        SandboxSpec spec = SandboxSpec.base(Isolation.CONTAINER, Limits.DEFAULT).fromTemplate(digest);
        try (Sandbox sandbox = server.create(spec)) {
            // Its other name takes nothing away.
            remove(NAME + "2");
            assertThat(names()).containsExactly(NAME);
            stays();
            assertThat(sandbox.guest().closed()).isFalse();
        }
        remove(NAME);
        assertThat(names()).isEmpty();
    }

    @Test
    void aDiskThatLiesOnItKeepsIt() throws IOException {
        SandboxId id = SandboxId.create(InstantSource.system().instant(), new SecureRandom());
        Path disk = Files.createDirectories(server.dataFolder().resolve("disks").resolve(id.text()));
        Files.writeString(disk.resolve("template"), digest);
        try {
            remove(NAME + "2");
            stays();
        } finally {
            Files.delete(disk.resolve("template"));
            Files.delete(disk);
        }
        remove(digest);
        assertThat(names()).isEmpty();
    }
}

package dev.skerry.host.templates.debian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.host.templates.ImportLimits;
import dev.skerry.host.templates.Template;
import dev.skerry.host.templates.TemplateStore;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images of a root file system that a program of the test makes, called as mmdebstrap is. */
class DebianImagesTest {
    private static final Instant STARTED = Instant.parse("2026-06-01T12:00:00Z");

    /** What it finds: the words it was called with, the last but one of which says where to; sources follow. */
    private static final String FINDS_THE_TREE = """
        #!/bin/sh
        set -e
        for word; do echo "$word"; done >>"$(dirname "$0")/words"
        while [ "$1" != -- ]; do shift; done
        tree=$3
        """;

    private static final String MAKES_A_TREE = FINDS_THE_TREE + """
        mkdir -p "$tree/usr/bin" "$tree/etc/apt" "$tree/var/log" "$tree/dev"
        echo hello >"$tree/usr/bin/lua"
        ln -s lua "$tree/usr/bin/lua5.4"
        touch -d 2023-01-14T20:13:07Z "$tree/usr/bin/lua"
        find "$tree" -type d -exec touch -d 2023-01-14T20:13:07Z {} +
        echo secret >"$tree/etc/apt/auth.conf"
        date +%N >"$tree/var/log/dpkg.log"
        echo made >"$tree/etc/made"
        touch -d 2026-06-02T00:00:00Z "$tree/etc/made"
        """;

    @TempDir
    private Path folder;

    private Path work;
    private Path archive;

    @BeforeEach
    void haveSources() throws IOException {
        work = folder.resolve("making/work");
        archive = folder.resolve("archive.tar");
        Files.createDirectories(folder.resolve("apt"));
        Files.writeString(folder.resolve("apt/sources.list"), "deb http://deb.test/ bookworm main\n");
    }

    private void mmdebstrap(String script) throws IOException {
        Path program =
                Files.writeString(Files.createDirectories(folder.resolve("bin")).resolve("mmdebstrap"), script);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private DebianImages images(String path) {
        return new DebianImages(folder.resolve("apt"), path, InstantSource.fixed(STARTED));
    }

    private String make(String... packages) throws InterruptedException {
        return images(folder.resolve("bin") + ":/usr/bin:/bin")
                .make(List.of(packages), work, folder.resolve("fetched"), archive);
    }

    @Test
    void theImageHasTheTreeAndNothingOfItsMaking() throws Exception {
        mmdebstrap(MAKES_A_TREE);
        make("lua5.4", "gcc");
        Template image =
                TemplateStore.open(folder.resolve("data")).importOci(archive, Optional.of("lua"), ImportLimits.DEFAULT);
        assertThat(image.resolve("/usr/bin/lua5.4"))
                .hasValueSatisfying(file -> assertThat(file).hasContent("hello"));
        assertThat(image.resolve("/etc/made")).isPresent();
        assertThat(image.resolve("/etc/apt/auth.conf")).isEmpty();
        assertThat(image.resolve("/var/log/dpkg.log")).isEmpty();
        assertThat(work).doesNotExist();
        assertThat(Files.readAllLines(folder.resolve("bin/words")))
                .contains("--include=lua5.4,gcc", "--variant=essential")
                .containsSubsequence("--", "", work + "/tree", folder + "/apt/sources.list");
    }

    @Test
    void theSamePackagesGiveTheSameArchive() throws Exception {
        mmdebstrap(MAKES_A_TREE);
        String first = make("lua5.4");
        byte[] bytes = Files.readAllBytes(archive);
        mmdebstrap(MAKES_A_TREE.replace("2026-06-02", "2026-06-03"));
        assertThat(make("lua5.4")).isEqualTo(first);
        assertThat(Files.readAllBytes(archive)).isEqualTo(bytes);
        mmdebstrap(MAKES_A_TREE.replace("hello", "changed"));
        assertThat(make("lua5.4")).isNotEqualTo(first);
    }

    private static void fails(ThrowingCallable call, ErrorCode code, Consumer<Failure> also) {
        assertThatThrownBy(call).isInstanceOfSatisfying(Failure.class, e -> {
            assertThat(e.code()).as(e.getMessage()).isEqualTo(code);
            also.accept(e);
        });
    }

    @Test
    void whatItSaidLastIsSaidWhenItFails() throws Exception {
        mmdebstrap(FINDS_THE_TREE + "mkdir -p \"$tree\"\necho 'E: Unable to locate package lua9' >&2\nexit 25\n");
        fails(() -> make("lua9"), ErrorCode.UNSUPPORTED, e -> {
            assertThat(e).hasMessageContaining("mmdebstrap ended with 25").hasMessageContaining("locate package lua9");
            assertThat(e.hint()).hasValueSatisfying(hint -> assertThat(hint).contains("universe"));
        });
        assertThat(work).doesNotExist();
        assertThat(archive).doesNotExist();
    }

    @Test
    void theCauseIsSaidNotWhatCameOfIt() throws Exception {
        mmdebstrap("""
            #!/bin/sh
            (echo Setting up ca; echo 'alternatives: error: no man1'; seq 30; echo 'E: failed') >&2
            exit 25
            """);
        fails(() -> make("kotlin"), ErrorCode.UNSUPPORTED, e -> assertThat(e)
                .hasMessage("mmdebstrap ended with 25:\nalternatives: error: no man1\nE: failed"));
    }

    @Test
    void aFullDiskIsCalledThat() throws Exception {
        mmdebstrap("#!/bin/sh\necho 'cannot write: No space left on device' >&2\nexit 2\n");
        fails(() -> make("lua5.4"), ErrorCode.NO_SPACE, e -> assertThat(e).hasMessageContaining("is full"));
        mmdebstrap(MAKES_A_TREE);
        archive = Path.of("/dev/full");
        fails(() -> make("lua5.4"), ErrorCode.NO_SPACE, e -> assertThat(e).hasMessageContaining("is full"));
        assertThat(work).doesNotExist();
    }

    @Test
    void withoutMmdebstrapTheHintBringsIt() {
        fails(() -> images("/nowhere:" + folder), ErrorCode.UNSUPPORTED, e -> assertThat(e.hint())
                .contains("apt-get install -y --no-install-recommends mmdebstrap"));
    }

    @Test
    void whatAKilledOneHasLeftIsRemoved() throws Exception {
        mmdebstrap(MAKES_A_TREE);
        Files.writeString(Files.createDirectories(work.resolve("tree/usr")).resolve("left"), "");
        make("lua5.4");
        Template image =
                TemplateStore.open(folder.resolve("data")).importOci(archive, Optional.of("lua"), ImportLimits.DEFAULT);
        assertThat(image.resolve("/usr/left")).isEmpty();
    }
}

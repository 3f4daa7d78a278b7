package dev.skerry.host.templates.debian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AptSetupTest {
    @TempDir
    private Path folder;

    private Path file(String name, String content) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, content);
    }

    @Test
    void sourcesAreThoseThatAptReadsAndThatSaySomething() throws IOException {
        file("sources.list", "# moved\n\n");
        Path mirror = file("sources.list.d/mirror.list", "deb http://mirror.test/debian bookworm main\n");
        Path debian = file("sources.list.d/debian.sources", "Types: deb\nURIs: http://deb.test/\n");
        file("sources.list.d/old.sources.disabled", "Types: deb\n");
        file("sources.list.d/old.list~", "deb http://old.test/ bookworm main\n");
        AptSetup apt = AptSetup.read(folder, "");
        assertThat(apt.sources()).containsExactly(debian, mirror);
        assertThat(apt.hasFolders()).isFalse();
        file("sources.list", "deb [trusted=yes] file:/srv/debian ./\n");
        assertThat(AptSetup.read(folder, "").hasFolders()).isTrue();
    }

    @Test
    void pinsAndNamesForMirrorsComeAlong() throws IOException {
        file("sources.list", "deb http://deb.test/ bookworm main\n");
        Path pin = file("preferences.d/nodejs", "Package: nodejs\n");
        Path pins = file("preferences", "Package: *\n");
        Path names = file("auth.conf", "machine deb.test\n");
        assertThat(AptSetup.read(folder, "").aside()).containsExactly(pins, pin, names);
    }

    @Test
    void ofTheOptionsThoseOfTheWayToTheMirrors() throws IOException {
        file("sources.list", "deb http://deb.test/ bookworm main\n");
        String told = """
            APT "";
            APT::Architecture "amd64";
            Acquire "";
            Acquire::http "";
            Acquire::http::Proxy "http://proxy.test:3142";
            Acquire::http::Proxy::deb.test "DIRECT";
            Acquire::https::CaInfo "/etc/ssl/own.pem";
            Acquire::Retries "3";
            Acquire::IndexTargets::deb::Packages::MetaKey "$(COMPONENT)";
            DPkg::Post-Invoke:: "rm -f /var/cache/apt/*";
            """;
        assertThat(AptSetup.read(folder, told).options())
                .containsExactly(
                        "Acquire::http::Proxy \"http://proxy.test:3142\";",
                        "Acquire::http::Proxy::deb.test \"DIRECT\";",
                        "Acquire::https::CaInfo \"/etc/ssl/own.pem\";",
                        "Acquire::Retries \"3\";");
    }

    @Test
    void withoutSourcesNothingCanBeMade() {
        assertThatThrownBy(() -> AptSetup.read(folder, "")).isInstanceOfSatisfying(Failure.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED);
            assertThat(e).hasMessageContaining("no sources").hasMessageContaining(folder.toString());
        });
    }
}

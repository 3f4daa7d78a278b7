package dev.skerry.server.tenants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstanceSecretTest {
    @TempDir
    private Path folder;

    @Test
    void itIsMadeOnceAndForItsOwnerAlone() throws IOException {
        byte[] first = InstanceSecret.open(folder);
        assertThat(first).hasSize(32).isNotEqualTo(new byte[32]);
        assertThat(InstanceSecret.open(folder)).isEqualTo(first);
        assertThat(mode()).isEqualTo("rw-------");
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(folder.resolve("secret"));
        }
    }

    @Test
    void oneThatOthersCouldReadIsTheirsNoLonger() throws IOException {
        byte[] first = InstanceSecret.open(folder);
        Files.setPosixFilePermissions(folder.resolve("secret"), PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(InstanceSecret.open(folder)).isEqualTo(first);
        assertThat(mode()).isEqualTo("rw-------");
    }

    @Test
    void halfASecretIsRefused() throws IOException {
        Files.writeString(folder.resolve("secret"), "abcd\n");
        assertThatThrownBy(() -> InstanceSecret.open(folder)).hasMessageContaining("does not hold 32 bytes");
    }

    private String mode() throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("secret")));
    }
}

package dev.skerry.server.secrets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretFileTest {
    private static final Instant NOON = Instant.parse("2026-06-01T12:00:00Z");

    @TempDir
    private Path folder;

    private SecretFile file() {
        return new SecretFile(folder);
    }

    @Test
    void itIsMadeOnceAndForItsOwnerAlone() throws IOException {
        List<Secret> first = file().readOrMake();
        assertThat(first).hasSize(1);
        assertThat(first.getFirst().bytes()).hasSize(32).isNotEqualTo(new byte[32]);
        assertThat(file().readOrMake()).isEqualTo(first);
        assertThat(mode()).isEqualTo("rw-------");
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(folder.resolve("secret"));
        }
    }

    @Test
    void oneThatOthersCouldReadIsTheirsNoLonger() throws IOException {
        List<Secret> first = file().readOrMake();
        Files.setPosixFilePermissions(folder.resolve("secret"), PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(file().readOrMake()).isEqualTo(first);
        assertThat(mode()).isEqualTo("rw-------");
    }

    @Test
    void halfASecretIsRefusedAndNotRepeated() throws IOException {
        for (String text : List.of("abcd\n", "", "a".repeat(64) + " yesterday\n", ("a".repeat(64) + "\n").repeat(5))) {
            Files.writeString(folder.resolve("secret"), text);
            assertThatThrownBy(() -> file().readOrMake())
                    .hasMessageContaining("does not hold 1 to 4 lines of 32 bytes")
                    .hasMessageNotContaining("abcd")
                    .hasMessageNotContaining("aaaa");
        }
    }

    @Test
    void theFileOfAVersionBeforeRotationIsReadAndKeptInFront() throws IOException {
        Files.writeString(folder.resolve("secret"), "0f".repeat(32) + "\n");
        Secret old = file().readOrMake().getFirst();
        assertThat(old.since()).isEmpty();
        Secret fresh = file().rotate(NOON);
        assertThat(file().read()).containsExactly(fresh, old);
        assertThat(fresh.since()).contains(NOON);
        assertThat(mode()).isEqualTo("rw-------");
    }

    @Test
    void whatIsRetiredIsGoneAndTheOneInUseStays() {
        Secret old = file().readOrMake().getFirst();
        Secret fresh = file().rotate(NOON);
        assertThatThrownBy(() -> file().retire(fresh.id()))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.CONFLICT));
        file().retire(old.id());
        assertThat(file().read()).containsExactly(fresh);
        assertThatThrownBy(() -> file().retire(old.id())).hasMessageContaining("there is no secret '" + old.id());
    }

    @Test
    void thereIsAnEndToRotationsWithoutARetirement() {
        assertThat(file().readOrMake()).hasSize(1);
        for (int i = 1; i < SecretFile.SECRETS_MAX; i++) {
            assertThat(file().rotate(NOON).id()).hasSize(8);
        }
        assertThatThrownBy(() -> file().rotate(NOON)).hasMessageContaining("has 4 secrets already");
    }

    @Test
    void whoUsesASecretTakesARotationUpAndSurvivesABadFile() throws Exception {
        Secrets secrets = Secrets.open(file());
        Secret old = secrets.current();
        Secret fresh = file().rotate(NOON);
        assertThat(secrets.find(fresh.id())).contains(fresh); // looks again at once for what it does not know
        assertThat(secrets.accepted()).containsExactly(fresh, old);
        Files.writeString(folder.resolve("secret"), "half");
        assertThat(secrets.find("00000000")).isEmpty();
        assertThat(secrets.accepted()).containsExactly(fresh, old);
    }

    @Test
    void aSecretNeverPrintsItself() {
        Secret secret = file().readOrMake().getFirst();
        assertThat(secret).hasToString("Secret[" + secret.id() + "]");
    }

    private String mode() throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("secret")));
    }
}

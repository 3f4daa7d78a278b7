package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.secrets.Secret;
import dev.skerry.server.secrets.SecretFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretCommandTest {
    private final Commanded commanded = new Commanded();
    private FakeE2b server;
    private SecretFile file;

    @TempDir
    private Path folder;

    @BeforeEach
    void open() throws IOException {
        server = new FakeE2b();
        commanded.environment.put("SKERRY_DATA", folder.toString());
        file = new SecretFile(folder);
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void aSecretIsRotatedListedAndRetired() {
        String old = file.readOrMake().getFirst().id();
        assertThat(commanded.skerry("secret", "rotate")).isZero();
        String fresh = commanded.out().strip();
        assertThat(file.read()).extracting(Secret::id).containsExactly(fresh, old);
        assertThat(commanded.skerry("secret", "list")).isZero();
        assertThat(commanded.out()).containsSubsequence(fresh, "used", old, "the first start", "accepted");
        assertThat(commanded.skerry("secret", "retire", fresh, "--force")).isEqualTo(125);
        assertThat(commanded.err()).contains("is the one that is used");
        assertThat(commanded.skerry("secret", "retire", old, "--force")).isZero();
        assertThat(file.read()).extracting(Secret::id).containsExactly(fresh);
    }

    @Test
    void oneThatSomethingIsEncryptedWithStays() {
        String old = file.readOrMake().getFirst().id();
        String fresh = file.rotate(Instant.EPOCH).id();
        commanded.environment.put("E2B_API_URL", server.url());
        commanded.environment.put("E2B_API_KEY", FakeE2b.KEY);
        server.on("GET /skerry/v1/secrets", 200, "[{\"id\":\"" + old + "\",\"sealed\":3}]");
        server.on("GET /skerry/v1/secrets", 200, "[{\"id\":\"" + old + "\",\"sealed\":0}]");
        assertThat(commanded.skerry("secret", "retire", old)).isEqualTo(125);
        assertThat(commanded.err()).contains("3 stored values are encrypted with " + old);
        assertThat(commanded.skerry("secret", "retire", old)).isZero();
        assertThat(file.read()).extracting(Secret::id).isEqualTo(List.of(fresh));
    }

    @Test
    void withoutAServerItHasToBeForced() {
        String old = file.readOrMake().getFirst().id();
        String fresh = file.rotate(Instant.EPOCH).id();
        assertThat(commanded.skerry("secret", "retire", old)).isEqualTo(125);
        assertThat(commanded.err()).contains("no server answers").contains("--force");
        assertThat(file.read()).extracting(Secret::id).containsExactly(fresh, old);
    }

    @Test
    void aFolderWithoutASecretIsNotGivenOne() {
        assertThat(commanded.skerry("secret", "rotate")).isEqualTo(125);
        assertThat(commanded.err()).contains("there is no file").contains("name the server's data folder");
        assertThat(folder).isEmptyDirectory();
    }
}

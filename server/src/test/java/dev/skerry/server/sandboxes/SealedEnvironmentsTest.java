package dev.skerry.server.sandboxes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.database.Database;
import dev.skerry.server.secrets.Sealing;
import dev.skerry.server.secrets.Secret;
import dev.skerry.server.secrets.Secrets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SealedEnvironmentsTest {
    private static final Secret OLD = new Secret(new byte[32], Optional.empty());
    private static final Secret NEW = new Secret(HexFormat.of().parseHex("07".repeat(32)), Optional.empty());

    private Database database;
    private final Sealing before = new Sealing(Secrets.of(OLD));
    private final Sealing after = new Sealing(Secrets.of(NEW, OLD));
    private final Sandbox sandbox = Samples.fresh(Samples.WAKES);

    @BeforeEach
    void open(@TempDir Path folder) {
        database = Database.open(folder.resolve("skerry.db"));
        assertThat(new SqlSandboxStore(database, before).insert(sandbox, Optional.empty(), List.of()))
                .isEmpty();
    }

    @AfterEach
    void close() {
        database.close();
    }

    private String column(String name) {
        return database.reader().withHandle(handle -> handle.createQuery("SELECT " + name + " FROM sandboxes")
                .mapTo(String.class)
                .one());
    }

    @Test
    void afterARotationNothingNeedsTheSecretBefore() {
        assertThat(column("environment")).startsWith("v1." + OLD.id());
        var environments = new SealedEnvironments(database, after);
        assertThat(environments.sealedBy()).isEqualTo(Map.of(OLD.id(), 1L));
        assertThat(environments.reseal()).isEqualTo(1);
        assertThat(environments.sealedBy()).isEqualTo(Map.of(NEW.id(), 1L));
        assertThat(environments.reseal()).isZero();
        Sealing retired = new Sealing(Secrets.of(NEW));
        assertThat(new SqlSandboxStore(database, retired).get(sandbox.id())).contains(sandbox);
    }

    @Test
    void variablesOfAVersionBeforeEncryptionAreReadAndEncrypted() {
        String config = column("config").replace("\"environment\":{}", "\"environment\":{\"A\":\"1\"}");
        database.writer()
                .useHandle(handle -> handle.execute("UPDATE sandboxes SET environment = '', config = ?", config));
        assertThat(new SqlSandboxStore(database, after).get(sandbox.id())).contains(sandbox);
        assertThat(new SealedEnvironments(database, after).reseal()).isEqualTo(1);
        assertThat(column("config")).contains("\"environment\":{}");
        assertThat(column("environment")).startsWith("v1." + NEW.id());
        assertThat(new SqlSandboxStore(database, after).get(sandbox.id())).contains(sandbox);
    }

    @Test
    void oneThatDoesNotOpenHoldsNobodyUp() {
        Sandbox second = Samples.fresh(Samples.WAKES);
        assertThat(new SqlSandboxStore(database, before).insert(second, Optional.empty(), List.of()))
                .isEmpty();
        database.writer()
                .useHandle(handle -> handle.execute(
                        "UPDATE sandboxes SET environment = 'v1.00000000.AAAA' WHERE id = ?",
                        sandbox.id().text()));
        assertThat(new SealedEnvironments(database, after).reseal()).isEqualTo(1);
        assertThat(new SqlSandboxStore(database, after).get(second.id())).contains(second);
    }
}

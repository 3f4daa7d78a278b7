package dev.skerry.server.sandboxes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.database.Database;
import dev.skerry.server.secrets.TestSecrets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqlSandboxStoreTest extends SqlStoreContract {
    @TempDir
    private Path folder;

    @Override
    Database openDatabase() {
        return Database.open(folder.resolve("skerry.db"));
    }

    @Test
    void whoeverOnlyLooksDoesNotWaitForTheWriter() {
        Sandbox sandbox = Samples.fresh(Samples.WAKES);
        try (Database database = Database.open(folder.resolve("other.db"))) {
            SandboxStore store = new SqlSandboxStore(database, TestSecrets.SEALING);
            assertThat(store.insert(sandbox, Optional.empty(), List.of())).isEmpty();
            Optional<Sandbox> seen = database.writer()
                    .inTransaction(_ -> CompletableFuture.supplyAsync(() -> store.look(sandbox.id()))
                            .orTimeout(20, TimeUnit.SECONDS)
                            .join());
            assertThat(seen).contains(sandbox);
        }
    }
}

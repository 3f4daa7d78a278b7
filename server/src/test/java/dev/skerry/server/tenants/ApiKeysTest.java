package dev.skerry.server.tenants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.database.Database;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.SqlLogger;
import org.jdbi.v3.core.statement.StatementContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApiKeysTest {
    @TempDir
    private Path folder;

    @Test
    void oneThatIsDeletedWhileItIsLookedUpIsNotRemembered() {
        Path file = folder.resolve("skerry.db");
        Database.open(file).close();
        Jdbi jdbi = Jdbi.create("jdbc:sqlite:" + file);
        ApiKeys keys = new ApiKeys(jdbi, InstantSource.system());
        ApiKeys.Minted minted = keys.create(TenantId.DEFAULT, "short", KeyScope.TENANT, Optional.empty());
        AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});
        jdbi.setSqlLogger(new SqlLogger() {
            @Override
            public void logAfterExecution(StatementContext context) {
                if (context.getRawSql().contains("WHERE digest =")) {
                    meanwhile.getAndSet(() -> {}).run();
                }
            }
        });
        meanwhile.set(() -> keys.delete(TenantId.DEFAULT, minted.key().id(), KeyScope.ADMIN));
        // It was there when it was looked up.
        assertThat(keys.authenticate(Optional.of(minted.text()))).isEqualTo(minted.key());
        assertThatThrownBy(() -> keys.authenticate(Optional.of(minted.text())))
                .isInstanceOfSatisfying(Failure.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAUTHENTICATED));
    }
}

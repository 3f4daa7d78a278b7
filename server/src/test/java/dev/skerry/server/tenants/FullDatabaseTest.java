package dev.skerry.server.tenants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.skerry.server.database.Database;
import dev.skerry.server.database.DatabaseTrouble;
import dev.skerry.wire.ErrorCode;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A database that takes no writes, as that of a full or read-only file system. */
class FullDatabaseTest {
    @TempDir
    private Path folder;

    private Database database;
    private ApiKeys keys;
    private String key;

    @BeforeEach
    void open() {
        database = Database.open(folder.resolve("skerry.db"));
        keys = new ApiKeys(database.writer(), InstantSource.system());
        key = keys.create(TenantId.DEFAULT, "a key", KeyScope.READ, Optional.empty())
                .text();
        // The one connection for writing keeps it.
        database.writer().useHandle(handle -> handle.execute("PRAGMA query_only = 1"));
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void aKeyOpensAllTheSame() {
        assertThat(keys.authenticate(Optional.of(key)).tenant()).isEqualTo(TenantId.DEFAULT);
    }

    @Test
    void whatCannotBeWrittenIsSaidToBeTheDatabasesTrouble() {
        RuntimeException thrown = catchThrowableOfType(
                RuntimeException.class,
                () -> keys.create(TenantId.DEFAULT, "another", KeyScope.READ, Optional.empty()));
        assertThat(DatabaseTrouble.of(thrown)).hasValueSatisfying(failure -> {
            assertThat(failure.code()).isEqualTo(ErrorCode.NO_CAPACITY);
            assertThat(failure).hasMessageContaining("can only be read");
            assertThat(failure.hint()).isPresent();
        });
        assertThat(DatabaseTrouble.of(new IllegalStateException("ours"))).isEmpty();
    }
}

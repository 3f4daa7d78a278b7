package dev.skerry.server.tenants;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was there before there were tenants. */
class TenantsMigrationTest {
    @TempDir
    private Path folder;

    private static void run(Jdbi jdbi, String name) throws IOException {
        try (InputStream script = Tenants.class.getResourceAsStream("/db/migration/" + name)) {
            String text = new String(script.readAllBytes(), StandardCharsets.UTF_8);
            jdbi.useHandle(handle -> handle.createScript(text).execute());
        }
    }

    @Test
    void oldKeysGoOnAndOpenWhatTheyDid() throws IOException {
        Jdbi jdbi = Jdbi.create("jdbc:sqlite:" + folder.resolve("old.db"));
        run(jdbi, "V1__sandboxes.sql");
        run(jdbi, "V2__api_keys.sql");
        jdbi.useHandle(handle -> {
            for (String tenant : List.of("default", "acme")) {
                handle.execute(
                        "INSERT INTO api_keys (id, tenant, name, digest, mask, created_at)"
                                + " VALUES (?, ?, 'n', ?, 'm', ?)",
                        tenant + "-key",
                        tenant,
                        "digest of " + tenant,
                        1_700_000_000_123L);
            }
        });
        run(jdbi, "V3__tenants.sql");
        // What the code of now reads besides.
        run(jdbi, "V8__jobs.sql");
        run(jdbi, "V9__jobs_at_hand.sql");
        ApiKeys keys = new ApiKeys(jdbi, InstantSource.system());
        ApiKey own = keys.list(TenantId.DEFAULT).getFirst();
        assertThat(own.scope()).isEqualTo(KeyScope.ADMIN);
        assertThat(own.createdAt()).isEqualTo(Instant.ofEpochMilli(1_700_000_000_123L));
        assertThat(own.expiresAt()).isEmpty();
        assertThat(own.lastUsedAt()).isEmpty();
        assertThat(keys.list(new TenantId("acme")).getFirst().scope()).isEqualTo(KeyScope.TENANT);
        Quota standard = new Quota(Map.of(Resource.SANDBOXES, 5L));
        Tenants tenants = new Tenants(jdbi, standard, InstantSource.system());
        assertThat(tenants.list()).extracting(tenant -> tenant.id().text()).containsExactly("acme", "default");
        assertThat(tenants.quota(TenantId.DEFAULT)).isEqualTo(standard);
    }
}

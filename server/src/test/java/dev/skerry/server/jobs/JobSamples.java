package dev.skerry.server.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.database.Database;
import dev.skerry.server.leases.Fence;
import dev.skerry.server.secrets.TestSecrets;
import dev.skerry.server.tenants.TenantId;
import java.time.Instant;
import java.util.Optional;

/** Jobs of a kept database: one that waits, one that ran when its server ended, and one that has ended. */
public final class JobSamples {
    private static final TenantId ACME = new TenantId("acme");
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00.000001Z");
    private static final String WAITING = "01kept0waiting00000000000";
    private static final String RUNNING = "01kept0working00000000000";
    private static final String ENDED = "01kept0done00000000000000";

    private JobSamples() {}

    private static JobStore store(Database database) {
        return new SqlJobStore(database, TestSecrets.SEALING, Fence.NONE);
    }

    private static JobStore.Fresh fresh(String token, Optional<String> key) {
        return new JobStore.Fresh(
                token,
                ACME,
                key,
                "0".repeat(64),
                "{\"program\":\"Zoë\"}",
                NOON,
                Optional.of(new JobStore.Callback("http://127.0.0.1:9/done", "signed with sixteen or more")));
    }

    public static void write(Database database) {
        JobStore store = store(database);
        store.insert(fresh(WAITING, Optional.of("idempotent")));
        store.insert(fresh(RUNNING, Optional.empty()));
        store.insert(fresh(ENDED, Optional.empty()));
        store.begin(RUNNING, NOON);
        store.begin(ENDED, NOON);
        store.end(ENDED, 1, "accepted", "{\"verdict\":\"accepted\"}", NOON);
    }

    /** @param kept whether it was there when the database was written; otherwise it is now */
    public static void check(Database database, boolean kept) {
        if (!kept) {
            write(database);
        }
        JobStore store = store(database);
        assertThat(store.takeUp()).extracting(StoredJob::token).containsExactly(WAITING, RUNNING);
        assertThat(store.byKey(ACME, "idempotent").map(StoredJob::token)).contains(WAITING);
        assertThat(store.request(WAITING)).contains("{\"program\":\"Zoë\"}");
        assertThat(store.begin(RUNNING, NOON)).contains(2);
        assertThat(store.get(ACME, ENDED).map(StoredJob::result)).contains("{\"verdict\":\"accepted\"}");
        assertThat(store.toTell(NOON, 9)).extracting(JobStore.Telling::token).containsExactly(ENDED);
        assertThat(store.due(ENDED).map(due -> due.callback().secret())).contains("signed with sixteen or more");
    }
}

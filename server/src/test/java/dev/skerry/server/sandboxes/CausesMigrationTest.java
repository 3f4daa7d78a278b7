package dev.skerry.server.sandboxes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was there before reasons were written down. */
class CausesMigrationTest {
    private static final List<String> BEFORE =
            List.of("V1__sandboxes", "V2__api_keys", "V3__tenants", "V4__audit", "V5__webhooks", "V6__leases");

    private static void run(Jdbi jdbi, String name) throws IOException {
        try (InputStream script = Sandboxes.class.getResourceAsStream("/db/migration/" + name + ".sql")) {
            String text = new String(script.readAllBytes(), StandardCharsets.UTF_8);
            jdbi.useHandle(handle -> handle.createScript(text).execute());
        }
    }

    private static void insert(Jdbi jdbi, String id, String state, String reason, String kind) {
        jdbi.useHandle(handle -> {
            handle.execute(
                    "INSERT INTO sandboxes (id, tenant, revision, generation, template, alias, config, created_at,"
                            + " ends_at, live, shown, state, host, isolation, pause_kind, state_at, reason, detail)"
                            + " VALUES (?, 'acme', 1, 1, 'base', '', '{}', 1, 2, 0, 0, ?, '', '', '', 3, ?, '')",
                    id,
                    state,
                    reason);
            handle.execute(
                    "INSERT INTO sandbox_events (sequence, tenant, sandbox, at, kind, detail)"
                            + " SELECT COUNT(*) + 1, 'acme', ?, 1, ?, '' FROM sandbox_events",
                    id,
                    kind);
        });
    }

    @Test
    void anEndKeepsItsReasonAndTheRestIsNotKnown(@TempDir Path folder) throws IOException {
        Jdbi jdbi = Jdbi.create("jdbc:sqlite:" + folder.resolve("old.db"));
        for (String name : BEFORE) {
            run(jdbi, name);
        }
        insert(jdbi, "ended", "STOPPED", "FAILED", "ENDED");
        insert(jdbi, "lives", "RUNNING", "", "STARTED");
        run(jdbi, "V7__causes");
        List<String> events =
                jdbi.withHandle(handle -> handle.createQuery("SELECT cause FROM sandbox_events ORDER BY sequence")
                        .mapTo(String.class)
                        .list());
        assertThat(events).extracting(Cause::valueOf).containsExactly(Cause.FAILED, Cause.UNKNOWN);
        List<String> sandboxes = jdbi.withHandle(handle -> handle.createQuery("SELECT cause FROM sandboxes ORDER BY id")
                .mapTo(String.class)
                .list());
        assertThat(sandboxes).extracting(Cause::valueOf).containsExactly(Cause.FAILED, Cause.UNKNOWN);
    }
}

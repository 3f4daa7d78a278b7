package dev.skerry.server.sandboxes;

import dev.skerry.server.database.Database;
import dev.skerry.server.secrets.SealedStore;
import dev.skerry.server.secrets.Sealing;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The encrypted variables of sandboxes in the database. */
public final class SealedEnvironments implements SealedStore {
    private static final Logger LOG = LoggerFactory.getLogger(SealedEnvironments.class);
    private static final int AT_ONCE = 200;

    private final Database database;
    private final Sealing sealing;

    private record Row(String id, String config, String environment) {}

    public SealedEnvironments(Database database, Sealing sealing) {
        this.database = database;
        this.sealing = sealing;
    }

    @Override
    public int reseal() {
        int changed = 0;
        List<Row> rows = rowsAfter("");
        while (!rows.isEmpty()) {
            for (Row row : rows) {
                changed += reseal(row);
            }
            rows = rowsAfter(rows.getLast().id());
        }
        return changed;
    }

    private List<Row> rowsAfter(String id) {
        // A version before encryption has left variables in the configuration. A quote within a value is escaped in
        // JSON, so only the field itself is found.
        return database.reader().withHandle(handle -> handle.createQuery(
                        "SELECT id, config, environment FROM sandboxes WHERE id > :id"
                                + " AND ((environment <> '' AND environment NOT LIKE :current)"
                                + " OR (environment = '' AND config NOT LIKE '%\"environment\":{}%'))"
                                + " ORDER BY id LIMIT :limit")
                .bind("id", id)
                .bind("current", sealing.prefix() + "%")
                .bind("limit", AT_ONCE)
                .map((row, _) -> new Row(row.getString("id"), row.getString("config"), row.getString("environment")))
                .list());
    }

    /** Whoever has written the row meanwhile has sealed it. */
    private int reseal(Row row) {
        SandboxRows.Stored stored;
        try {
            stored = SandboxRows.reseal(row.id(), row.config(), row.environment(), sealing);
        } catch (RuntimeException e) {
            LOG.atWarn().setCause(e).log("variables of a sandbox cannot be encrypted anew");
            return 0;
        }
        return database.writer().withHandle(handle -> handle.createUpdate("UPDATE sandboxes SET config = :config,"
                        + " environment = :environment WHERE id = :id AND config = :oldConfig"
                        + " AND environment = :oldEnvironment")
                .bind("config", stored.config())
                .bind("environment", stored.environment())
                .bind("id", row.id())
                .bind("oldConfig", row.config())
                .bind("oldEnvironment", row.environment())
                .execute());
    }

    @Override
    public Map<String, Long> sealedBy() {
        Map<String, Long> counts = new HashMap<>();
        database.reader().useHandle(handle -> handle.createQuery("SELECT SUBSTR(environment, 1, :length) AS prefix,"
                        + " COUNT(*) AS found FROM sandboxes WHERE environment <> ''"
                        + " GROUP BY prefix")
                .bind("length", Sealing.prefixLength())
                .map((row, _) -> Map.entry(Sealing.secretOf(row.getString("prefix")), row.getLong("found")))
                .forEach(entry -> counts.merge(entry.getKey(), entry.getValue(), Long::sum)));
        return counts;
    }
}

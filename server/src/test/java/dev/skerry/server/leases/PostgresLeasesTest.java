package dev.skerry.server.leases;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.database.Database;
import dev.skerry.server.database.FreshPostgres;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PostgresLeasesTest extends SqlLeasesContract {
    @RegisterExtension
    private final FreshPostgres postgres = new FreshPostgres();

    @Override
    Database openDatabase() {
        return postgres.open();
    }

    /** A server may be frozen while it asks: what it would have locked, the holder could not write. */
    @Test
    void whoWaitsForALeaseAndItsHolderDoNotWaitForEachOther() throws Exception {
        try (Database database = postgres.open()) {
            Leases table = new Leases(database);
            Lease lease = table.acquire(HOST, A, TTL).orElseThrow();
            try (var holder = database.writer().open()) {
                holder.begin();
                Fence.of(lease, () -> {}).check(holder);
                var waiting = CompletableFuture.supplyAsync(() -> table.acquire(HOST, B, TTL));
                assertThat(waiting.get(20, TimeUnit.SECONDS)).isEmpty();
                holder.commit();
            }
        }
    }
}

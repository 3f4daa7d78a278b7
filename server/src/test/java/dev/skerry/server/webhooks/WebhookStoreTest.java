package dev.skerry.server.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.database.Database;
import dev.skerry.server.secrets.TestSecrets;
import dev.skerry.server.settings.Networks;
import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.tenants.Tenants;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WebhookStoreTest {
    @TempDir
    private Path folder;

    /** Nobody can mend or delete it any more, so nobody need be told of it. */
    @Test
    void oneThatWasGivenUpIsNoTroubleAnyMoreWhenItsTenantIsDeleted() {
        InstantSource clock = InstantSource.system();
        try (Database database = Database.open(folder.resolve("skerry.db"))) {
            WebhookStore store = new WebhookStore(database.writer(), database.reader(), TestSecrets.SEALING);
            Webhooks webhooks = new Webhooks(store, Networks.parse("127.0.0.0/8"), TestSecrets.SEALING, clock);
            Tenants tenants = new Tenants(database.writer(), Quota.UNSAID, clock);
            TenantId tenant =
                    tenants.create(new TenantId("brief"), "brief", Quota.UNSAID).id();
            Webhook made = webhooks.create(
                            tenant,
                            new Webhooks.Wanted(
                                    Optional.of("test"),
                                    Optional.of("http://127.0.0.1:1/"),
                                    Optional.empty(),
                                    Optional.empty(),
                                    Optional.empty()))
                    .webhook();
            Optional<Instant> now = Optional.of(clock.instant());
            store.finish(made, 0, new Webhook.Health(now, 1, now, now, "it failed"), List.of());
            assertThat(webhooks.givenUp()).isEqualTo(1);
            tenants.delete(tenant);
            assertThat(webhooks.givenUp()).isZero();
        }
    }
}

package dev.skerry.bench.serving;

import dev.skerry.server.database.Database;
import dev.skerry.server.sandboxes.Lifetime;
import dev.skerry.server.sandboxes.PauseKind;
import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.server.sandboxes.SandboxConfig;
import dev.skerry.server.sandboxes.SandboxState;
import dev.skerry.server.sandboxes.SqlSandboxStore;
import dev.skerry.server.sandboxes.Why;
import dev.skerry.server.secrets.Sealing;
import dev.skerry.server.secrets.SecretFile;
import dev.skerry.server.secrets.Secrets;
import dev.skerry.server.settings.SandboxSettings;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.InMemoryHost;
import dev.skerry.wire.hosts.StartSandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Sandboxes that are in the store, and on the simulated host, before the server starts. */
final class Seed {
    private static final Duration LIFETIME = Duration.ofHours(12);

    private Seed() {}

    static void plant(Path data, InMemoryHost host, int count, Instant now) throws IOException {
        Files.createDirectories(data);
        SecureRandom random = new SecureRandom();
        Instant first = now.truncatedTo(ChronoUnit.MICROS).minusMillis(count);
        try (Database database = Database.open(data.resolve("skerry.db"))) {
            // Writers have one connection, so this is for all of it; what a crash would take can be planted again.
            database.writer().useHandle(handle -> handle.execute("PRAGMA synchronous = OFF"));
            SqlSandboxStore store = new SqlSandboxStore(database, new Sealing(Secrets.open(new SecretFile(data))));
            for (int i = 0; i < count; i++) {
                Instant created = first.plusMillis(i);
                SandboxConfig config = config(i);
                Sandbox sandbox = new Sandbox(
                        SandboxId.create(created, random),
                        TenantId.DEFAULT,
                        1,
                        1,
                        config,
                        created,
                        now.truncatedTo(ChronoUnit.MICROS).plus(LIFETIME),
                        new SandboxState.Running(host.facts().id(), Isolation.CONTAINER, created),
                        Why.UNKNOWN);
                store.insert(sandbox, Optional.empty(), List.of());
                host.start(new StartSandbox(
                        sandbox.incarnation(),
                        config.template(),
                        config.floor(),
                        config.limits(),
                        config.privilege(),
                        Optional.empty(),
                        false));
            }
        }
    }

    private static SandboxConfig config(int number) {
        return new SandboxConfig(
                "base",
                Optional.of("base"),
                Isolation.CONTAINER,
                SandboxSettings.DEFAULT.limits(),
                Privilege.SUDO,
                Map.of("owner", "owner-" + number % ControlPlanePart.OWNERS),
                Map.of(),
                true,
                true,
                new Lifetime(false, PauseKind.MEMORY, false),
                "{}");
    }
}

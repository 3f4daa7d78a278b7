package dev.skerry.server.database;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/** Gives each test an empty database of its own, of one PostgreSQL server that all tests of this run share. */
public final class FreshPostgres implements BeforeEachCallback, AfterEachCallback {
    private final List<Database> opened = new ArrayList<>();
    private Optional<PostgresAddress> address = Optional.empty();
    private Optional<PostgresServer> shared = Optional.empty();

    @Override
    public void beforeEach(ExtensionContext context) {
        shared = Optional.of(context.getRoot()
                .getStore(Namespace.create(PostgresServer.class))
                .computeIfAbsent(PostgresServer.class, _ -> PostgresServer.start(), PostgresServer.class));
        address = Optional.empty();
    }

    private static String name() {
        return "t" + UUID.randomUUID().toString().replace("-", "");
    }

    /** One that is empty, unless it was opened before. */
    public PostgresAddress address() {
        PostgresAddress own = address.orElseGet(() -> server().create(name()));
        address = Optional.of(own);
        return own;
    }

    /** Which all tests of this run share. */
    public PostgresServer server() {
        return shared.orElseThrow();
    }

    /** It is closed after the test. The first comes with all migrations, as a copy of one that had them. */
    public Database open() {
        if (address.isEmpty()) {
            address = Optional.of(server().createMigrated(name()));
        }
        Database database = Database.open(address(), Optional.of(PostgresServer.PASSWORD));
        opened.add(database);
        return database;
    }

    @Override
    public void afterEach(ExtensionContext context) {
        opened.forEach(Database::close);
        opened.clear();
    }
}

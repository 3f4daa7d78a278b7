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
        PostgresServer server = context.getRoot()
                .getStore(Namespace.create(PostgresServer.class))
                .computeIfAbsent(PostgresServer.class, _ -> PostgresServer.start(), PostgresServer.class);
        shared = Optional.of(server);
        address = Optional.of(server.create("t" + UUID.randomUUID().toString().replace("-", "")));
    }

    public PostgresAddress address() {
        return address.orElseThrow();
    }

    /** Which all tests of this run share. */
    public PostgresServer server() {
        return shared.orElseThrow();
    }

    /** It is closed after the test. */
    public Database open() {
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

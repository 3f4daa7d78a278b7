package dev.skerry.server.stores;

import dev.skerry.server.database.Database;
import dev.skerry.server.database.PostgresServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Keeps a database of the newest schema, of both kinds: run it once when a migration was added. */
final class KeepDatabase {
    private KeepDatabase() {}

    /** @param arguments the folder {@code server/src/test/resources/kept} */
    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        int version = Database.newestSchema();
        Path file = Files.createTempFile("kept", ".db");
        try (Database database = Database.open(file)) {
            KeptData.write(database);
        }
        new KeptDatabase(KeptDatabase.SQLITE, version).write(folder, KeptDatabase.dump(file));
        Files.delete(file);
        try (PostgresServer server = PostgresServer.start()) {
            try (Database database = Database.open(server.create("kept"), Optional.of(PostgresServer.PASSWORD))) {
                KeptData.write(database);
            }
            new KeptDatabase(KeptDatabase.POSTGRESQL, version).write(folder, KeptDatabase.dump(server, "kept"));
        }
    }
}

package dev.skerry.cli;

import dev.skerry.server.database.Password;
import dev.skerry.server.settings.DatabaseSettings;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.settings.SettingsFile;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What a server keeps, and where: as it is started, with fewer words. */
final class StoreOptions {
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Settings (TOML) that the server is started with; they are saved too.")
    private Optional<Path> config = Optional.empty();

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "The server's data folder (default: that of the settings, $SKERRY_DATA, or /var/lib/skerry).")
    private Optional<Path> data = Optional.empty();

    @Option(
            names = "--database",
            paramLabel = "ADDRESS",
            description = "'sqlite', or postgresql://USER@HOST:PORT/NAME (default: as the settings say, or as the last"
                    + " server of the data folder had it); the password is in $SKERRY_DATABASE_PASSWORD.")
    private Optional<String> database = Optional.empty();

    /**
     * What they say.
     *
     * @param database empty when neither the command line nor the settings say it
     * @param password of the database, whoever says which one it is
     */
    record Store(Path data, Optional<Path> config, Optional<DatabaseSettings> database, Optional<Password> password) {}

    Store read(Map<String, String> environment) {
        Optional<ServerSettings> file = config.map(SettingsFile::read);
        ServerSettings settings = file.orElse(ServerSettings.DEFAULT);
        Path folder = data.or(() -> ServeSettings.fromEnvironment(settings, environment))
                .orElse(settings.data())
                .toAbsolutePath();
        Optional<DatabaseSettings> said = database.map(text ->
                        new DatabaseSettings(DatabaseSettings.database(text), Optional.empty(), Optional.empty()))
                .or(() -> file.map(ServerSettings::database));
        Optional<Password> password = ServeSettings.password(environment).or(settings.database()::password);
        Optional<DatabaseSettings> whole =
                said.map(each -> new DatabaseSettings(each.postgres(), password, Optional.empty()));
        return new Store(folder, config, whole, password);
    }
}

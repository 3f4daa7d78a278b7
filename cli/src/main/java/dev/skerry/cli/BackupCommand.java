package dev.skerry.cli;

import dev.skerry.server.backup.Backup;
import dev.skerry.server.backup.DatabaseNote;
import dev.skerry.server.logging.LogLines;
import dev.skerry.server.settings.DatabaseSettings;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code skerry backup}: saves what a server keeps, while it runs. */
@Command(
        name = "backup",
        description = {
            "Writes a backup of a server, which may be running: its SQLite database, its secrets and certificates, and",
            "its settings. Disks of sandboxes and templates are not in it. It opens everything that is stored, so keep",
            "it as you keep a key. With a PostgreSQL database the database is left to pg_dump."
        },
        sortOptions = false,
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit code:%n",
        exitCodeList = {
            "0:the backup is on disk, and was restored beside it as a rehearsal",
            "2:the command line or the settings are wrong",
            "125:it failed; there is no file of that name then"
        })
final class BackupCommand implements Callable<Integer> {
    private final Context context;

    @Option(names = "--to", paramLabel = "FILE", required = true, description = "Where to; its mode is 0600.")
    private Path to = Path.of("");

    @Option(names = "--overwrite", description = "In the place of an older one; that stays until this one is whole.")
    private boolean overwrite;

    @Mixin
    private StoreOptions options = new StoreOptions();

    BackupCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        LogLines.quietLibraries();
        StoreOptions.Store store = options.read(context.environment());
        DatabaseSettings database = DatabaseNote.settle(store.data(), store.database());
        Backup.Written written = Backup.write(
                new Backup.Order(
                        store.data(),
                        store.config(),
                        database.database(),
                        VersionCommand.Versions.own(),
                        to.toAbsolutePath(),
                        overwrite),
                InstantSource.system());
        context.print(to.toString());
        if (written.manifest().sqlite()) {
            context.say("saved schema " + written.manifest().schema() + ", " + written.sandboxes()
                    + " sandboxes that have not ended, " + written.bytes() + " bytes");
        } else {
            context.say("saved secrets and certificates; the database is NOT in it. Save that before them, with");
            context.say("  pg_dump --format=custom --file=" + to.getFileName() + ".dump '" + database.database() + "'");
        }
        return ExitCode.OK;
    }
}

package dev.skerry.cli;

import dev.skerry.host.engine.Instance;
import dev.skerry.host.templates.LockFile;
import dev.skerry.server.backup.Restore;
import dev.skerry.server.logging.LogLines;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code skerry restore}: makes a data folder from a backup. */
@Command(
        name = "restore",
        description = {
            "Puts a backup into a data folder that no server uses: all of it, or nothing. The next 'serve' on it keeps",
            "the sandboxes that are in the backup and still there, ends those in the backup that are gone, and removes",
            "from this machine those that the backup does not know."
        },
        sortOptions = false,
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit code:%n",
        exitCodeList = {
            "0:it is restored",
            "2:the command line is wrong, or that is no backup, or one of a newer version or another database",
            "125:it failed; the data folder is as it was, unless the message says that the restoration is decided:",
            "    then the next 'serve' or 'restore' on it finishes it"
        })
final class RestoreCommand implements Callable<Integer> {
    private final Context context;

    @Option(names = "--from", paramLabel = "FILE", required = true, description = "What 'backup' has written.")
    private Path from = Path.of("");

    @Option(
            names = "--replace",
            description = "Into a data folder that is not empty: its database, secrets and certificates are put aside.")
    private boolean replace;

    @Mixin
    private StoreOptions options = new StoreOptions();

    RestoreCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        LogLines.quietLibraries();
        StoreOptions.Store store = options.read(context.environment());
        Path data = store.data();
        boolean made = !Files.exists(data);
        try (LockFile _ = hold(data)) {
            refuseLivingInstance(data);
            Restore.Done done = Restore.run(
                    new Restore.Order(from.toAbsolutePath(), data, replace, store.database(), store.password()),
                    InstantSource.system());
            context.print(data.toString());
            context.say("restored what was saved at " + done.manifest().createdAt() + " by Skerry "
                    + done.manifest().product());
            done.replaced().ifPresent(old -> context.say("what was there before is in " + old));
            return ExitCode.OK;
        } catch (RuntimeException e) {
            if (made) {
                removeMade(data);
            }
            throw e;
        }
    }

    private static LockFile hold(Path data) {
        try {
            Files.createDirectories(
                    data, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            return LockFile.tryAcquire(data.resolve("agent.lock"), LockFile.Kind.EXCLUSIVE)
                    .orElseThrow(() -> new Failure(
                            ErrorCode.CONFLICT,
                            "a server uses the data folder " + data,
                            "end it first, or name another data folder"));
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED,
                    "the data folder " + data + " cannot be used: " + e,
                    "run as root, or name another one with --data",
                    e);
        }
    }

    /** Two servers of one instance would take the sandboxes of this machine from each other. */
    private void refuseLivingInstance(Path data) {
        if (Files.exists(data.resolve("instance"))) {
            return;
        }
        Optional<String> saved = Restore.instanceIn(from.toAbsolutePath());
        if (saved.filter(id -> Instance.inUse(Path.of("/run/skerry"), id)).isPresent()) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "a process of this machine uses the instance that is in the backup",
                    "end its server first; to look into a backup beside it, restore it on another machine");
        }
    }

    /** What failed leaves nothing behind. */
    private static void removeMade(Path data) {
        try {
            Files.deleteIfExists(data.resolve("agent.lock"));
            Files.deleteIfExists(data);
        } catch (IOException e) {
            // Something is in it that is worth looking at.
        }
    }
}

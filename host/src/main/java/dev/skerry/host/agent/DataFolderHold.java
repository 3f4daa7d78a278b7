package dev.skerry.host.agent;

import dev.skerry.host.engine.ProcessIdentity;
import dev.skerry.host.templates.LockFile;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to be the one agent of a data folder: a lock on {@code agent.lock}, which ends with the process;
 * {@code agent.pid} says who has it. A holder that was stopped (SIGSTOP) cannot be asked and could wake up in the
 * middle of anything, so it is ended by whoever comes next.
 */
final class DataFolderHold implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DataFolderHold.class);

    private static final Duration DYING_BOUND = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final long POLL_MILLIS = 10;

    private final LockFile lock;

    private DataFolderHold(LockFile lock) {
        this.lock = lock;
    }

    /** @throws Failure {@code CONFLICT} naming the process that has it */
    static DataFolderHold take(Path dataFolder) throws InterruptedException {
        Path file = dataFolder.resolve("agent.pid");
        try {
            Files.createDirectories(
                    dataFolder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            long until = System.nanoTime() + PATIENCE.toNanos();
            while (true) {
                var lock = LockFile.tryAcquire(dataFolder.resolve("agent.lock"), LockFile.Kind.EXCLUSIVE);
                if (lock.isPresent()) {
                    return written(file, new DataFolderHold(lock.get()));
                }
                Optional<ProcessIdentity> holder = holder(file).filter(ProcessIdentity::alive);
                if (holder.isPresent() && holder.get().stopped()) {
                    end(holder.get());
                } else if (holder.isPresent() || System.nanoTime() > until) {
                    throw held(dataFolder, holder);
                }
                // One that has just died, or is just writing down who it is.
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
        } catch (FileAlreadyExistsException e) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "the data folder " + dataFolder + " cannot be used: " + e.getMessage() + " is not a folder",
                    "name another data folder",
                    e);
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED,
                    "the data folder " + dataFolder + " cannot be used: " + e,
                    "run as root, or name another data folder",
                    e);
        }
    }

    private static Failure held(Path dataFolder, Optional<ProcessIdentity> holder) {
        String who = holder.map(process -> "process " + process.pid()).orElse("another process");
        return new Failure(
                ErrorCode.CONFLICT,
                who + " serves the data folder " + dataFolder,
                "end it first, or name another data folder");
    }

    /** Whose it is matters only to one who comes while this process is stopped. */
    private static DataFolderHold written(Path file, DataFolderHold hold) {
        try {
            ShortFile.replace(file, ProcessIdentity.self().toString());
        } catch (IOException e) {
            LOG.atWarn().addKeyValue("file", file).setCause(e).log("who has the data folder cannot be written down");
        }
        return hold;
    }

    private static void end(ProcessIdentity stopped) throws IOException, InterruptedException {
        boolean gone = stopped.kill(DYING_BOUND);
        LOG.atWarn()
                .addKeyValue("process", stopped.pid())
                .addKeyValue("gone", gone)
                .log("the server that had the data folder was stopped, so it was ended");
    }

    private static Optional<ProcessIdentity> holder(Path file) throws IOException {
        try {
            return ProcessIdentity.parse(Files.readString(file));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        lock.close();
    }
}

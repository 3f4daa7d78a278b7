package dev.skerry.host.agent;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * The highest epoch of a server that has had the host, in the file {@code agent.epoch}: one whose right to the host is
 * older comes too late, whatever it believes. For whoever holds the data folder.
 */
final class AgentEpoch {
    private AgentEpoch() {}

    /**
     * On disk when it returns.
     *
     * @throws Failure {@code CONFLICT} when a higher one has been seen
     */
    static void raise(Path dataFolder, long epoch) {
        Path file = dataFolder.resolve("agent.epoch");
        try {
            long seen = read(file);
            if (epoch < seen) {
                throw new Failure(
                        ErrorCode.CONFLICT,
                        "the host was given to another server since (epoch " + seen + ", this one's is " + epoch + ")",
                        "the lease that this server had is over");
            }
            if (epoch > seen) {
                ShortFile.replaceOnDisk(file, Long.toString(epoch));
            }
        } catch (IOException e) {
            throw new Failure(ErrorCode.UNSUPPORTED, file + " cannot be used: " + e, "look at its file system", e);
        }
    }

    private static long read(Path file) throws IOException {
        try {
            return Long.parseLong(Files.readString(file).strip());
        } catch (NoSuchFileException e) {
            return 0;
        } catch (NumberFormatException e) {
            throw new IOException("it does not hold a number", e);
        }
    }
}

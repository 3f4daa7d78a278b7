package dev.skerry.host.agent;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

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
                write(file, epoch);
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

    private static void write(Path file, long epoch) throws IOException {
        Path fresh = file.resolveSibling("agent.epoch.new");
        try (FileChannel out = FileChannel.open(
                fresh, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            out.write(ByteBuffer.wrap((epoch + "\n").getBytes(StandardCharsets.US_ASCII)));
            out.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel folder = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            folder.force(true);
        }
    }
}

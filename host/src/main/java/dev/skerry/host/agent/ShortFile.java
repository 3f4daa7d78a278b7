package dev.skerry.host.agent;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * A word or two in a file, replaced as a whole. Whoever takes over must be able to do that on a full disk: when there
 * is no room for another file, the one that is there is overwritten within its first sector, which needs none. So one
 * process at a time writes it; records of sandboxes, which several may write, stay as they were on a full disk instead.
 */
final class ShortFile {
    /** Less than a sector, so that it is written whole or not at all. */
    private static final int BYTES = 64;

    private static final Set<StandardOpenOption> FRESH =
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
    private static final Set<StandardOpenOption> THERE = Set.of(StandardOpenOption.WRITE);

    private ShortFile() {}

    /** @param text shorter than {@value #BYTES} bytes; blanks and a line's end are added */
    static void replace(Path file, String text) throws IOException {
        replace(file, text, false);
    }

    /** On disk when it returns. */
    static void replaceOnDisk(Path file, String text) throws IOException {
        replace(file, text, true);
    }

    private static void replace(Path file, String text, boolean durable) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        try {
            write(fresh, FRESH, text, durable);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            try {
                write(file, THERE, text, durable);
                return;
            } catch (IOException again) {
                again.addSuppressed(e);
                throw again;
            }
        }
        if (durable) {
            try (FileChannel folder = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
                folder.force(true);
            }
        }
    }

    private static void write(Path file, Set<StandardOpenOption> options, String text, boolean durable)
            throws IOException {
        String padded = text + " ".repeat(BYTES - 1 - text.length()) + "\n";
        ByteBuffer bytes = ByteBuffer.wrap(padded.getBytes(StandardCharsets.US_ASCII));
        try (FileChannel out = FileChannel.open(file, options)) {
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            if (durable) {
                out.force(true);
            }
        }
    }
}

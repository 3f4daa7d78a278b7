package dev.skerry.host.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A short text in a file, for root alone, that is replaced in one step: whoever reads it sees the one before or the one
 * after, also when several write it at the same time or one is killed in the middle, who leaves {@code <name>*.new}.
 */
final class WholeFile {
    private WholeFile() {}

    /** @throws IOException the file is as it was, and nothing else is left, on a full disk for one */
    static void replace(Path file, String text) throws IOException {
        Path fresh = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".new");
        try {
            Files.writeString(fresh, text);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            try {
                Files.deleteIfExists(fresh);
            } catch (IOException another) {
                e.addSuppressed(another);
            }
            throw e;
        }
    }
}

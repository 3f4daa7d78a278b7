package dev.skerry.host.templates;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LockFileTest {
    @TempDir
    private Path folder;

    private LockFile taken(String name) throws IOException {
        return LockFile.tryAcquire(folder.resolve(name), LockFile.Kind.EXCLUSIVE)
                .orElseThrow();
    }

    /** The second time the descriptor's number is that of another lock. */
    @Test
    void whoClosesItTwiceGivesNobodyElsesAway() throws IOException {
        LockFile first = taken("one");
        first.close();
        try (LockFile _ = taken("other")) {
            first.close();
            assertThat(LockFile.tryAcquire(folder.resolve("other"), LockFile.Kind.EXCLUSIVE))
                    .isEmpty();
        }
        taken("other").close();
    }
}

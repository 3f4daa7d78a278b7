package dev.skerry.host.pools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostSpareTest {
    private static final long TENTH = 100_000_000L;

    @TempDir
    private Path folder;

    private final AtomicLong now = new AtomicLong();
    private long busyTicks = 1000;
    private long idleTicks = 5000;
    private HostSpare spare;

    @BeforeEach
    void open() throws IOException {
        write();
        spare = new HostSpare(folder.resolve("stat"), 4, now::get);
    }

    private void write() throws IOException {
        String first = "cpu  " + busyTicks + " 0 70 " + idleTicks + " 30 0 5 0 999 0\n";
        Files.writeString(folder.resolve("stat"), first + "cpu0 1 2 3 4 5 6 7 8 9 10\nbtime 1\n");
    }

    /** A tenth of a second in which so many of four processors were busy. */
    private void pass(int busy) throws IOException {
        now.addAndGet(TENTH);
        busyTicks += busy * 10L;
        idleTicks += (4 - busy) * 10L;
        write();
    }

    @Test
    void whatNobodyUsedIsIdle() throws IOException {
        pass(1);
        assertThat(spare.processors(0)).isEqualTo(3);
        pass(4);
        assertThat(spare.processors(9)).isZero();
        pass(0);
        assertThat(spare.processors(9)).isEqualTo(4);
    }

    @Test
    void whatHasBegunSinceCountsAsBusyUntilItEnds() throws IOException {
        pass(1);
        assertThat(spare.processors(0)).isEqualTo(3);
        spare.begins();
        spare.begins();
        assertThat(spare.processors(2)).isEqualTo(1);
        assertThat(spare.processors(1)).isEqualTo(2);
        assertThat(spare.processors(0)).isEqualTo(3);
    }

    @Test
    void jobsThatOnlyWaitDoNotCount() throws IOException {
        for (int i = 0; i < 4; i++) {
            spare.begins();
        }
        assertThat(spare.processors(4)).isZero();
        pass(0);
        assertThat(spare.processors(4)).isEqualTo(4);
    }

    @Test
    void theRealFileCanBeRead() {
        assertThat(HostSpare.of(2).processors(0)).isBetween(0, 2);
    }
}

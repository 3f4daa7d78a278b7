package dev.skerry.host.templates;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import org.junit.jupiter.api.Test;

class FolderTimesTest {
    /** A few megabytes of archive name the same deep folder over and over; each path is 256 strings. */
    @Test
    void whatAnArchiveMakesUsRememberIsBounded() {
        var deep = new EntryPath(Collections.nCopies(256, "a"));
        var times = new FolderTimes();
        for (int i = 0; i < 50_000; i++) {
            times.add(deep, i);
        }
        assertThat(times.all()).hasSizeBetween(1000, 8000);
    }

    @Test
    void anOrdinaryImageIsRememberedWhole() {
        var usual = new EntryPath(Collections.nCopies(8, "directory"));
        var times = new FolderTimes();
        for (int i = 0; i < 50_000; i++) {
            times.add(usual, i);
        }
        assertThat(times.all()).hasSize(50_000);
    }
}

package dev.skerry.host.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.host.jobs.Extraction.Bounds;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExtractionTest {
    private static final Bounds BOUNDS = new Bounds(1 << 20, 100);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private interface Entries {
        void write(TarArchiveOutputStream tar) throws IOException;
    }

    private static byte[] archive(Entries entries) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var tar = new TarArchiveOutputStream(bytes, "UTF-8")) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            entries.write(tar);
        }
        return bytes.toByteArray();
    }

    private static void file(TarArchiveOutputStream tar, String name, String content, int mode) throws IOException {
        var entry = new TarArchiveEntry(name, true);
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        entry.setSize(bytes.length);
        entry.setMode(mode);
        tar.putArchiveEntry(entry);
        tar.write(bytes);
        tar.closeArchiveEntry();
    }

    private static void link(TarArchiveOutputStream tar, String name, byte type, String target) throws IOException {
        var entry = new TarArchiveEntry(name, type, true);
        entry.setLinkName(target);
        tar.putArchiveEntry(entry);
        tar.closeArchiveEntry();
    }

    private Extraction.Summary unpack(byte[] archive) throws IOException {
        return Extraction.unpack(new ByteArrayInputStream(archive), folder.resolve("out"), BOUNDS);
    }

    private void assertNothingLeft() throws IOException {
        try (var left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void filesFoldersAndLongNamesArrive() throws IOException {
        String deep = "d".repeat(90) + "/" + "e".repeat(90) + "/f.txt";
        var summary = unpack(archive(tar -> {
            file(tar, "a.txt", "abc", 0644);
            file(tar, "run", "#!", 04777);
            file(tar, deep, "deep", 0600);
        }));
        assertThat(summary).isEqualTo(new Extraction.Summary(3, 9, 0));
        assertThat(folder.resolve("out/a.txt")).hasContent("abc");
        assertThat(folder.resolve("out").resolve(deep)).hasContent("deep");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("out/run"))))
                .as("no set-uid, no write for others")
                .isEqualTo("rwxr-xr-x");
    }

    @Test
    void linksAndDevicesAreLeftOutAndCounted() throws IOException {
        var summary = unpack(archive(tar -> {
            link(tar, "etc", TarConstants.LF_SYMLINK, "/etc");
            file(tar, "etc/passwd", "mine", 0644);
            link(tar, "hard", TarConstants.LF_LINK, "/etc/passwd");
            link(tar, "dev", TarConstants.LF_BLK, "");
        }));
        assertThat(summary.leftOut()).isEqualTo(3);
        assertThat(folder.resolve("out/etc")).isDirectory();
        assertThat(folder.resolve("out/etc/passwd")).hasContent("mine").isRegularFile();
        assertThat(folder.resolve("out/hard")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"../x", "a/../../x", "/etc/x", "a/..", "."})
    void namesThatLeadOutAreRefused(String name) throws IOException {
        byte[] archive = archive(tar -> file(tar, name, "x", 0644));
        assertThatThrownBy(() -> unpack(archive))
                .isInstanceOfSatisfying(Failure.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST));
        assertNothingLeft();
    }

    @Test
    void aNameThatIsFileAndFolderIsRefused() throws IOException {
        byte[] archive = archive(tar -> {
            file(tar, "a", "x", 0644);
            file(tar, "a/b", "x", 0644);
        });
        assertThatThrownBy(() -> unpack(archive)).isInstanceOf(Failure.class);
        assertNothingLeft();
    }

    @Test
    void boundsHold() throws IOException {
        byte[] large = archive(tar -> file(tar, "a", "x".repeat((1 << 20) + 1), 0644));
        assertThatThrownBy(() -> unpack(large))
                .isInstanceOfSatisfying(Failure.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.LIMIT_EXCEEDED));
        byte[] many = archive(tar -> {
            for (int i = 0; i < 101; i++) {
                file(tar, "f" + i, "", 0644);
            }
        });
        assertThatThrownBy(() -> unpack(many))
                .isInstanceOfSatisfying(Failure.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.LIMIT_EXCEEDED));
        assertNothingLeft();
    }

    @Test
    void halfAnArchiveLeavesNothing() throws IOException {
        byte[] whole = archive(tar -> file(tar, "a", "x".repeat(5000), 0644));
        byte[] half = java.util.Arrays.copyOf(whole, 2000);
        assertThatThrownBy(() -> unpack(half)).isInstanceOf(IOException.class);
        assertNothingLeft();
    }

    @Test
    void everyDamagedByteIsRefusedOrHarmless() throws IOException {
        byte[] whole = archive(tar -> {
            file(tar, "d".repeat(60) + "/" + "e".repeat(60), "abc", 0644);
            file(tar, "b", "def", 0644);
        });
        for (int i = 0; i < whole.length; i += 3) {
            byte[] damaged = whole.clone();
            damaged[i] ^= 0x31;
            try {
                unpack(damaged);
            } catch (Failure | IOException e) {
                assertThat(e).hasMessageNotContaining("NullPointer");
            }
            try (var left = Files.walk(folder)) {
                assertThat(left.filter(path -> !path.startsWith(folder))).isEmpty();
            }
            removeOut();
        }
    }

    private void removeOut() throws IOException {
        try (var left = Files.walk(folder)) {
            for (Path path : left.sorted(java.util.Comparator.reverseOrder()).toList()) {
                if (!path.equals(folder)) {
                    Files.delete(path);
                }
            }
        }
    }

    @Test
    void whatWeWriteWeRead() throws IOException {
        Path source = Files.createDirectories(folder.resolve("source/sub"));
        Files.writeString(source.resolve("naïve " + "n".repeat(120)), "content");
        Files.writeString(folder.resolve("source/empty"), "");
        var bytes = new ByteArrayOutputStream();
        try (var tar = new TarWriter(bytes)) {
            tar.add(folder.resolve("source"), "copy");
        }
        unpack(bytes.toByteArray());
        assertThat(folder.resolve("out/copy/sub/naïve " + "n".repeat(120))).hasContent("content");
        assertThat(folder.resolve("out/copy/empty")).isEmptyFile();
    }

    @Test
    void anExistingFolderWithFilesIsNotReplaced() throws IOException {
        Files.createDirectories(folder.resolve("out"));
        Files.writeString(folder.resolve("out/mine"), "mine");
        byte[] archive = archive(tar -> file(tar, "a", "x", 0644));
        assertThatThrownBy(() -> unpack(archive))
                .isInstanceOfSatisfying(Failure.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT));
        assertThat(folder.resolve("out/mine")).hasContent("mine");
    }
}

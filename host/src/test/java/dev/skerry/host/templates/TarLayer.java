package dev.skerry.host.templates;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** Writes the archive of a layer for tests, hostile ones too: nothing is checked or repaired. */
final class TarLayer {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, "UTF-8");

    TarLayer() {
        tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
        tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
    }

    TarLayer gnu() {
        tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
        return this;
    }

    TarLayer add(String path, byte flag, byte[] content, Consumer<TarArchiveEntry> change) {
        try {
            var entry = new TarArchiveEntry(path, flag, true);
            entry.setSize(content.length);
            entry.setMode(flag == TarConstants.LF_DIR ? 0755 : 0644);
            entry.setIds(0, 0);
            entry.setModTime(1_600_000_000_000L);
            change.accept(entry);
            tar.putArchiveEntry(entry);
            tar.write(content);
            tar.closeArchiveEntry();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    TarLayer file(String path, String content) {
        return add(path, TarConstants.LF_NORMAL, content.getBytes(StandardCharsets.UTF_8), entry -> {});
    }

    TarLayer file(String path, String content, Consumer<TarArchiveEntry> change) {
        return add(path, TarConstants.LF_NORMAL, content.getBytes(StandardCharsets.UTF_8), change);
    }

    TarLayer folder(String path) {
        return add(path + "/", TarConstants.LF_DIR, new byte[0], entry -> {});
    }

    TarLayer symlink(String path, String target) {
        return add(path, TarConstants.LF_SYMLINK, new byte[0], entry -> entry.setLinkName(target));
    }

    TarLayer hardLink(String path, String target) {
        return add(path, TarConstants.LF_LINK, new byte[0], entry -> entry.setLinkName(target));
    }

    TarLayer device(String path, byte flag) {
        return add(path, flag, new byte[0], entry -> {
            entry.setDevMajor(1);
            entry.setDevMinor(3);
        });
    }

    byte[] build() {
        try {
            tar.close();
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

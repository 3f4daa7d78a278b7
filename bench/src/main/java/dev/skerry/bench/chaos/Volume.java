package dev.skerry.bench.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A small file system of its own, in a sparse file, which can be filled to the last block and emptied again. */
final class Volume implements AutoCloseable {
    private static final String BALLAST = "ballast";
    private static final long SPARE_BYTES = 1L << 20;

    private final Path image;
    private final Path mount;

    private Volume(Path image, Path mount) {
        this.image = image;
        this.mount = mount;
    }

    static Volume mount(Path image, Path mount, long bytes) throws IOException {
        Processes.run("truncate", "-s", Long.toString(bytes), image.toString());
        // No blocks for root alone: those would be left when it is full.
        Processes.run("mkfs.ext4", "-q", "-m", "0", image.toString());
        Files.createDirectory(mount);
        Processes.run("mount", "-o", "loop", image.toString(), mount.toString());
        Files.deleteIfExists(mount.resolve("lost+found"));
        return new Volume(image, mount);
    }

    /** Afterwards nothing more can be written. */
    void fill() throws IOException {
        Path ballast = mount.resolve(BALLAST);
        long most = Math.max(SPARE_BYTES, Files.getFileStore(mount).getUsableSpace() - SPARE_BYTES);
        try {
            Processes.run("fallocate", "-l", Long.toString(most), ballast.toString());
            byte[] rest = new byte[1 << 16];
            for (int i = 0; i < 1 << 10; i++) {
                Files.write(
                        mount.resolve(BALLAST + ".rest"),
                        rest,
                        java.nio.file.StandardOpenOption.CREATE,
                        java.nio.file.StandardOpenOption.APPEND);
            }
        } catch (IOException e) {
            // It is full, which is what was wanted.
        }
    }

    void empty() throws IOException {
        Files.deleteIfExists(mount.resolve(BALLAST));
        Files.deleteIfExists(mount.resolve(BALLAST + ".rest"));
    }

    @Override
    public void close() throws IOException {
        Processes.run("umount", mount.toString());
        Files.deleteIfExists(image);
    }
}

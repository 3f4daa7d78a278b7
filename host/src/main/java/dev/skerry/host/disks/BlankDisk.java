package dev.skerry.host.disks;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Limits;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * An empty ext4 of one size, as the few blocks of it that are not zero: made by mke2fs once, written for each disk in
 * less than a millisecond. In it are {@code upper} and {@code work} for overlayfs, and {@code tmp} for a runtime that
 * has a file system of its own there.
 */
final class BlankDisk {
    private static final long MIB = 1 << 20;
    private static final int BLOCK_BYTES = 4096;
    private static final int INODE_BYTES = 256;
    private static final long JOURNAL_BYTES = 4 * MIB;
    /** Below this mke2fs makes no journal. */
    private static final long CONTENT_BYTES_MIN = 16 * MIB;
    /** Inodes that ext4 keeps for itself, and those of the folders above. */
    private static final int OWN_INODES = 16;
    /** What the kernel keeps back for its own needs: 2 %, at most 4,096 blocks (ext4_calculate_resv_clusters). */
    private static final int RESERVED_PART = 50;

    private static final long RESERVED_BYTES_MAX = 4096L * BLOCK_BYTES;
    private static final long MKE2FS_SECONDS = 60;
    /** Named one by one: what mke2fs.conf of the host says does not count. */
    private static final String FEATURES = "none,has_journal,extent,flex_bg,huge_file,dir_nlink,extra_isize,"
            + "metadata_csum,64bit,filetype,dir_index,ext_attr,sparse_super,large_file";

    private final long sizeBytes;
    private final List<Piece> pieces;

    private record Piece(long offset, ByteBuffer bytes) {}

    private BlankDisk(long sizeBytes, List<Piece> pieces) {
        this.sizeBytes = sizeBytes;
        this.pieces = pieces;
    }

    /**
     * The size of an image that lets its user have so many bytes and files; metadata of its own files is of those
     * bytes.
     */
    static long sizeBytes(Limits limits) {
        long tables = (limits.diskInodes() + OWN_INODES) * INODE_BYTES;
        long net = Math.max(limits.diskBytes(), CONTENT_BYTES_MIN) + tables + JOURNAL_BYTES;
        long size = net + Math.min(net / (RESERVED_PART - 1), RESERVED_BYTES_MAX);
        return (size + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
    }

    long sizeBytes() {
        return sizeBytes;
    }

    /** @param scratch a folder for temporary files, which are gone afterwards */
    static BlankDisk make(Limits limits, Path scratch) throws IOException {
        Path folder = Files.createTempDirectory(scratch, "blank");
        try {
            Path tree = Files.createDirectory(folder.resolve("tree"));
            for (String name : List.of("upper", "work", "tmp")) {
                Path made = Files.createDirectory(tree.resolve(name));
                Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
            Path image = folder.resolve("image");
            long size = sizeBytes(limits);
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(size);
            }
            mke2fs(tree, image, limits.diskInodes() + OWN_INODES, folder.resolve("log"));
            return new BlankDisk(size, pieces(image));
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    private static void mke2fs(Path tree, Path image, long inodes, Path log) throws IOException {
        Path program = Stream.of("/usr/sbin/mke2fs", "/sbin/mke2fs")
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new Failure(
                        ErrorCode.UNSUPPORTED,
                        "mke2fs is missing, which makes the disks of sandboxes",
                        "apt-get install e2fsprogs"));
        // Tables that are not initialised stay holes; the mount option of Disks keeps the kernel from filling them.
        ProcessBuilder builder = new ProcessBuilder(
                        program.toString(),
                        "-q",
                        "-F",
                        "-b",
                        Integer.toString(BLOCK_BYTES),
                        "-I",
                        Integer.toString(INODE_BYTES),
                        "-m",
                        "0",
                        "-N",
                        Long.toString(inodes),
                        "-J",
                        "size=" + JOURNAL_BYTES / MIB,
                        "-e",
                        "remount-ro",
                        "-O",
                        FEATURES,
                        "-E",
                        "root_owner=0:0,lazy_itable_init=1,lazy_journal_init=1,nodiscard",
                        "-d",
                        tree.toString(),
                        image.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().clear();
        builder.environment().put("MKE2FS_CONFIG", "/dev/null");
        Process process = builder.start();
        process.getOutputStream().close();
        try {
            if (process.waitFor(MKE2FS_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            process.destroyForcibly();
        }
        throw new IOException("mke2fs failed: "
                + Files.readString(log, StandardCharsets.ISO_8859_1).strip());
    }

    /** Neighbouring blocks that are not zero. */
    private static List<Piece> pieces(Path image) throws IOException {
        List<Piece> found = new ArrayList<>();
        try (FileChannel channel = FileChannel.open(image)) {
            for (DiskCalls.Extent extent : DiskCalls.data(image)) {
                ByteBuffer run = ByteBuffer.allocate(BLOCK_BYTES);
                long start = extent.from();
                for (long at = start; at < extent.to(); at += BLOCK_BYTES) {
                    byte[] block = block(channel, at, (int) Math.min(BLOCK_BYTES, extent.to() - at));
                    if (isZero(block)) {
                        keep(found, start, run);
                        run = ByteBuffer.allocate(BLOCK_BYTES);
                        start = at + BLOCK_BYTES;
                    } else {
                        run = appended(run, block);
                    }
                }
                keep(found, start, run);
            }
        }
        return found;
    }

    private static void keep(List<Piece> found, long start, ByteBuffer run) {
        if (run.position() > 0) {
            found.add(new Piece(start, run.flip().asReadOnlyBuffer()));
        }
    }

    private static ByteBuffer appended(ByteBuffer run, byte[] block) {
        ByteBuffer room = run.remaining() >= block.length
                ? run
                : ByteBuffer.allocate(2 * run.capacity() + block.length).put(run.flip());
        return room.put(block);
    }

    private static byte[] block(FileChannel channel, long at, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, at + bytes.position()) < 0) {
                throw new IOException("the image ends early");
            }
        }
        return bytes.array();
    }

    private static boolean isZero(byte[] block) {
        for (byte value : block) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    /** Writes a new image, sparse. */
    void write(Path image) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw");
                FileChannel channel = file.getChannel()) {
            file.setLength(sizeBytes);
            for (Piece piece : pieces) {
                ByteBuffer bytes = piece.bytes.duplicate();
                while (bytes.hasRemaining()) {
                    channel.write(bytes, piece.offset + bytes.position());
                }
            }
        }
        Files.setPosixFilePermissions(image, PosixFilePermissions.fromString("rw-------"));
    }
}

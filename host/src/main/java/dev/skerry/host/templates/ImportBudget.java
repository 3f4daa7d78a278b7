package dev.skerry.host.templates;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/** What one import has used of its limits. Everything is charged before it happens. For one thread. */
final class ImportBudget {
    private static final long DISK_CHECK_BYTES = 64L << 20;

    private final ImportLimits limits;
    private final FileStore disk;
    private long entries;
    private long bytes;
    private long streamed;
    private long sinceCheck;

    ImportBudget(ImportLimits limits, Path folder) throws IOException {
        this.limits = limits;
        this.disk = Files.getFileStore(folder);
        checkDisk(0);
    }

    long entries() {
        return entries;
    }

    long bytes() {
        return bytes;
    }

    void entry() {
        if (Thread.currentThread().isInterrupted()) {
            throw new Failure(ErrorCode.DEADLINE_EXCEEDED, "the import was interrupted");
        }
        if (++entries > limits.entries()) {
            throw exceeded("has more than " + limits.entries() + " entries");
        }
    }

    /** A file of this size is about to be written. */
    void file(long size) throws IOException {
        if (size > limits.bytes() - bytes) {
            throw exceeded("unpacks to more than " + limits.bytes() + " bytes");
        }
        bytes += size;
        sinceCheck += size;
        if (sinceCheck > DISK_CHECK_BYTES) {
            checkDisk(size);
            sinceCheck = 0;
        }
    }

    /** Bytes came out of a decompressor, whatever they are: the bound against bombs of headers and of padding. */
    void stream(long count) {
        streamed += count;
        // Headers and padding come on top of the files: a block for each and another half.
        if (streamed > limits.bytes() + limits.entries() * 1024) {
            throw exceeded("expands to more than its limits can need");
        }
    }

    private void checkDisk(long wanted) throws IOException {
        long free = disk.getUsableSpace();
        if (free - wanted < limits.freeBytes()) {
            throw new Failure(
                    ErrorCode.NO_SPACE,
                    free + " bytes are free on " + disk.name() + ", and " + limits.freeBytes() + " must stay free",
                    "free some space, or keep the data folder elsewhere");
        }
    }

    private static Failure exceeded(String what) {
        return new Failure(
                ErrorCode.LIMIT_EXCEEDED, "the image " + what, "raise the import limits if the image is to be trusted");
    }
}

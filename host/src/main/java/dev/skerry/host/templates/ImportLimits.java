package dev.skerry.host.templates;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;

/**
 * What an image may cost at most; an import that would exceed one of these stops and leaves nothing.
 *
 * @param entries archive entries of all layers together, thus inodes
 * @param bytes unpacked bytes of all layers together; also bounds what a compressed layer may expand to
 * @param layers layers of one image; overlayfs takes 500 at most, Docker makes 127
 * @param freeBytes what must stay free on the file system of the data folder
 */
public record ImportLimits(long entries, long bytes, int layers, long freeBytes) {
    public static final ImportLimits DEFAULT = new ImportLimits(1_000_000, 20L << 30, 127, 1L << 30);

    public ImportLimits {
        if (entries < 1 || bytes < 1 || layers < 1 || layers > 400 || freeBytes < 0) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "import limits of " + entries + " entries, " + bytes + " bytes, " + layers + " layers and "
                            + freeBytes + " free bytes make no sense",
                    "entries and bytes from 1, layers from 1 to 400, free bytes from 0");
        }
    }

    public ImportLimits withEntries(long value) {
        return new ImportLimits(value, bytes, layers, freeBytes);
    }

    public ImportLimits withBytes(long value) {
        return new ImportLimits(entries, value, layers, freeBytes);
    }
}

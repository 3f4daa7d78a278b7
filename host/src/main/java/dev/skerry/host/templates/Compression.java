package dev.skerry.host.templates;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.zstandard.ZstdCompressorInputStream;

/** How a stream is compressed, told by its first bytes (RFC 1952, RFC 8878): media types of layers lie now and then. */
enum Compression {
    NONE,
    GZIP,
    ZSTD;

    private static final int MAGIC_BYTES = 4;
    private static final int BUFFER_BYTES = 64 << 10;

    /** Looks without consuming; the stream must support marks. */
    static Compression of(InputStream input) throws IOException {
        input.mark(MAGIC_BYTES);
        byte[] magic = input.readNBytes(MAGIC_BYTES);
        input.reset();
        if (magic.length >= 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b) {
            return GZIP;
        }
        boolean zstd = magic.length == MAGIC_BYTES
                && magic[0] == 0x28
                && magic[1] == (byte) 0xb5
                && magic[2] == 0x2f
                && magic[3] == (byte) 0xfd;
        return zstd ? ZSTD : NONE;
    }

    /** The JDK's gzip reader, because it skips header fields where commons-compress would collect them in memory. */
    InputStream expand(InputStream input) throws IOException {
        return switch (this) {
            case NONE -> input;
            case GZIP -> new GZIPInputStream(input, BUFFER_BYTES);
            case ZSTD -> zstd(input);
        };
    }

    private static InputStream zstd(InputStream input) throws IOException {
        try {
            return new ZstdCompressorInputStream(input);
        } catch (LinkageError e) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED,
                    "zstd layers cannot be read here: " + e.getMessage(),
                    "copy the image with gzip layers (skopeo copy --dest-compress-format gzip)",
                    e);
        }
    }
}

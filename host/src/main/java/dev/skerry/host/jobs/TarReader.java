package dev.skerry.host.jobs;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Reads the archives that guestd writes (POSIX.1-2001 pax, ustar) and nothing more of the tar family, because the
 * sender may be hostile: every header is bounded, sparse files and the extensions of GNU tar are refused. Not
 * thread-safe.
 */
final class TarReader {
    enum Kind {
        FILE,
        FOLDER,
        /** Links, devices, pipes. */
        OTHER
    }

    record Entry(String name, Kind kind, int mode, long size) {}

    private static final int BLOCK = 512;
    private static final int PAX_BYTES_MAX = 64 << 10;

    private final InputStream in;
    private final byte[] header = new byte[BLOCK];
    private long contentLeft;
    private int padding;

    TarReader(InputStream in) {
        this.in = in;
    }

    /** The next file, folder or other thing; empty at the end of the archive. */
    Optional<Entry> next() throws IOException {
        in.skipNBytes(contentLeft + padding);
        contentLeft = 0;
        padding = 0;
        Optional<String> paxName = Optional.empty();
        long paxSize = -1;
        while (in.readNBytes(header, 0, BLOCK) == BLOCK && header[0] != 0) {
            requireChecksum();
            long size = octal(124, 12);
            char type = (char) header[156];
            if (type == 'x' || type == 'g') {
                byte[] records = paxRecords(size);
                paxName = type == 'x' ? record(records, "path") : paxName;
                paxSize = type == 'x'
                        ? record(records, "size").map(TarReader::decimal).orElse(-1L)
                        : paxSize;
                continue;
            }
            long actual = paxSize >= 0 ? paxSize : size;
            Kind kind = kind(type);
            contentLeft = kind == Kind.FILE ? actual : 0;
            padding = (int) (-contentLeft & (BLOCK - 1));
            return Optional.of(
                    new Entry(paxName.orElseGet(this::ustarName), kind, (int) octal(100, 8) & 0777, contentLeft));
        }
        return Optional.empty();
    }

    /** Copies the content of the entry that {@link #next} gave; how many bytes there were. */
    long copyContent(OutputStream out) throws IOException {
        byte[] buffer = new byte[64 << 10];
        long copied = 0;
        while (contentLeft > 0) {
            int n = in.read(buffer, 0, (int) Math.min(buffer.length, contentLeft));
            if (n < 0) {
                return copied;
            }
            out.write(buffer, 0, n);
            copied += n;
            contentLeft -= n;
        }
        return copied;
    }

    private static Kind kind(char type) {
        return switch (type) {
            case '0', '\0', '7' -> Kind.FILE;
            case '5' -> Kind.FOLDER;
            case '1', '2', '3', '4', '6' -> Kind.OTHER;
            default -> throw broken("has an entry of type '" + (type < ' ' ? "?" : type) + "'");
        };
    }

    private byte[] paxRecords(long size) throws IOException {
        if (size > PAX_BYTES_MAX) {
            throw broken("has a header of " + size + " bytes");
        }
        byte[] bytes = in.readNBytes((int) size);
        if (bytes.length < size) {
            throw broken("ends in a header");
        }
        in.skipNBytes(-size & (BLOCK - 1));
        return bytes;
    }

    /**
     * The last value of {@code key} among records of the form "length key=value\n", whose length counts the whole
     * record.
     */
    private static Optional<String> record(byte[] records, String key) {
        Optional<String> value = Optional.empty();
        int at = 0;
        while (at < records.length) {
            int space = at;
            while (space < records.length && records[space] != ' ') {
                space++;
            }
            long length = decimal(new String(records, at, space - at, StandardCharsets.UTF_8));
            if (length < space - at + 3 || length > records.length - at) {
                throw broken("has a malformed header");
            }
            String text = new String(records, space + 1, (int) length - (space - at) - 2, StandardCharsets.UTF_8);
            if (text.startsWith(key + "=")) {
                value = Optional.of(text.substring(key.length() + 1));
            }
            at += (int) length;
        }
        return value;
    }

    private static long decimal(String digits) {
        if (!digits.matches("[0-9]{1,15}")) {
            throw broken("has a malformed number");
        }
        return Long.parseLong(digits);
    }

    private String ustarName() {
        String name = text(0, 100);
        String prefix = text(345, 155);
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private String text(int offset, int length) {
        int end = offset;
        while (end < offset + length && header[end] != 0) {
            end++;
        }
        return new String(header, offset, end - offset, StandardCharsets.UTF_8);
    }

    private long octal(int offset, int length) {
        String digits = text(offset, length).strip();
        if (!digits.matches("[0-7]{0,12}")) {
            throw broken("has a malformed number");
        }
        return digits.isEmpty() ? 0 : Long.parseLong(digits, 8);
    }

    private void requireChecksum() {
        int sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
        }
        if (sum != octal(148, 8)) {
            throw broken("has a wrong checksum");
        }
    }

    private static Failure broken(String how) {
        return new Failure(ErrorCode.INVALID_REQUEST, "the archive from the sandbox " + how);
    }
}

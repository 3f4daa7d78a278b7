package dev.skerry.host.templates;

import static dev.skerry.host.templates.TarNumbers.bad;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Where the bytes of a sparse member belong: GNU tar's old format and its pax formats 0.1 and 1.0 (tar.info, "Storing
 * Sparse Files"). Format 0.0, which repeats record keys, is refused.
 *
 * @param size of the file with its holes
 */
record SparseMap(long size, List<TarEntry.Extent> extents) {
    private static final int EXTENTS_MAX = 65_536;
    private static final int DIGITS_MAX = 20;
    private static final int IN_HEADER = 4;
    private static final int IN_EXTENSION = 21;

    SparseMap {
        extents = List.copyOf(extents);
    }

    /** A block of the archive. */
    interface Blocks {
        byte[] next() throws IOException;
    }

    /**
     * Empty for a file that is not sparse.
     *
     * @param content blocks of the member's content
     * @param headers blocks that follow the member's header
     */
    static Optional<SparseMap> read(
            char flag, byte[] header, Blocks content, Function<String, Optional<String>> pax, Blocks headers)
            throws IOException {
        if (flag == 'S') {
            return Optional.of(old(header, headers));
        }
        if (pax.apply("GNU.sparse.major").filter("1"::equals).isPresent()) {
            return Optional.of(inContent(content, pax));
        }
        if (pax.apply("GNU.sparse.map").isPresent()) {
            return Optional.of(inRecord(pax.apply("GNU.sparse.map").get(), pax));
        }
        if (pax.apply("GNU.sparse.numblocks").isPresent()) {
            throw bad("a sparse file in a format that is not supported");
        }
        return Optional.empty();
    }

    private static SparseMap old(byte[] header, Blocks headers) throws IOException {
        var extents = new ArrayList<TarEntry.Extent>();
        long size = TarNumbers.field(header, 483, 12);
        add(header, 386, IN_HEADER, extents);
        boolean more = header[482] != 0;
        while (more) {
            byte[] extension = headers.next();
            add(extension, 0, IN_EXTENSION, extents);
            more = extension[504] != 0;
        }
        return new SparseMap(size, extents);
    }

    private static void add(byte[] block, int offset, int count, List<TarEntry.Extent> extents) {
        for (int i = 0; i < count && block[offset + 24 * i] != 0; i++) {
            append(
                    extents,
                    TarNumbers.field(block, offset + 24 * i, 12),
                    TarNumbers.field(block, offset + 24 * i + 12, 12));
        }
    }

    private static void append(List<TarEntry.Extent> extents, long offset, long length) {
        if (extents.size() >= EXTENTS_MAX) {
            throw bad("a sparse file of more than " + EXTENTS_MAX + " pieces");
        }
        extents.add(new TarEntry.Extent(offset, length));
    }

    /** Decimal numbers, one a line: count, then offset and length of each; padded to a block. */
    private static SparseMap inContent(Blocks content, Function<String, Optional<String>> pax) throws IOException {
        var numbers = new ArrayList<Long>();
        var digits = new StringBuilder();
        long wanted = 1;
        while (numbers.size() < wanted) {
            for (byte b : content.next()) {
                if (numbers.size() >= wanted) {
                    break;
                }
                if (b != '\n') {
                    if (digits.length() > DIGITS_MAX) {
                        throw bad("a sparse file's map has an endless number");
                    }
                    digits.append((char) (b & 0xff));
                    continue;
                }
                numbers.add(TarNumbers.decimal(digits.toString()));
                digits.setLength(0);
                if (numbers.size() == 1) {
                    wanted = 1 + 2 * Math.min(numbers.getFirst(), EXTENTS_MAX + 1L);
                }
            }
        }
        return new SparseMap(realSize(pax), pairs(numbers.subList(1, numbers.size())));
    }

    private static SparseMap inRecord(String map, Function<String, Optional<String>> pax) {
        var numbers = new ArrayList<Long>();
        for (String number : map.split(",", 2 * (EXTENTS_MAX + 2))) {
            numbers.add(TarNumbers.decimal(number));
        }
        return new SparseMap(realSize(pax), pairs(numbers));
    }

    private static List<TarEntry.Extent> pairs(List<Long> numbers) {
        if (numbers.size() % 2 != 0) {
            throw bad("a sparse file's map has an odd length");
        }
        var extents = new ArrayList<TarEntry.Extent>();
        for (int i = 0; i < numbers.size(); i += 2) {
            append(extents, numbers.get(i), numbers.get(i + 1));
        }
        return extents;
    }

    private static long realSize(Function<String, Optional<String>> pax) {
        return pax.apply("GNU.sparse.realsize")
                .or(() -> pax.apply("GNU.sparse.size"))
                .map(TarNumbers::decimal)
                .orElseThrow(() -> bad("a sparse file without a size"));
    }

    /** In order, apart, within the file, and together exactly what is stored. */
    void check(long stored) {
        long end = 0;
        long total = 0;
        for (var extent : extents) {
            if (extent.offset() < end || extent.length() < 0 || extent.length() > size - extent.offset()) {
                throw bad("a sparse file's map contradicts itself");
            }
            end = extent.offset() + extent.length();
            total += extent.length();
        }
        if (total != stored || size < end) {
            throw bad("a sparse file's map does not match its content");
        }
    }
}

package dev.skerry.server.envd;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A part of a file. */
record ByteRange(long offset, long length) {
    private static final Pattern ONE = Pattern.compile("bytes=\\s*(\\d{0,18})-(\\d{0,18})\\s*");

    /** That no byte of the file is in the range. */
    static final class Unsatisfiable extends Exception {
        private static final long serialVersionUID = 1L;
    }

    /** By the header Range (RFC 9110, section 14.2). Several ranges, and what is none, mean the whole file: empty. */
    static Optional<ByteRange> of(String header, long size) throws Unsatisfiable {
        Matcher matcher = ONE.matcher(header);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String first = matcher.group(1);
        String last = matcher.group(2);
        if (first.isEmpty() && last.isEmpty()) {
            return Optional.empty();
        }
        if (first.isEmpty()) {
            long length = Math.min(size, Long.parseLong(last));
            return satisfiable(size - length, length);
        }
        long offset = Long.parseLong(first);
        long end = last.isEmpty() ? size - 1 : Math.min(size - 1, Long.parseLong(last));
        if (!last.isEmpty() && Long.parseLong(last) < offset) {
            return Optional.empty();
        }
        return satisfiable(offset, end - offset + 1);
    }

    private static Optional<ByteRange> satisfiable(long offset, long length) throws Unsatisfiable {
        if (length <= 0) {
            throw new Unsatisfiable();
        }
        return Optional.of(new ByteRange(offset, length));
    }

    String header(long size) {
        return "bytes " + offset + "-" + (offset + length - 1) + "/" + size;
    }
}

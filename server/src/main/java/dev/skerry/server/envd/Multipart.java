package dev.skerry.server.envd;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The parts of a {@code multipart/form-data} request (RFC 7578), one after the other, each read as it comes; in
 * memory is one buffer. For one thread.
 */
final class Multipart {
    private static final int BUFFER_BYTES = 128 << 10;
    private static final int HEADER_BYTES_MAX = 16 << 10;
    private static final int PARTS_MAX = 10_000;
    private static final int BOUNDARY_CHARS_MAX = 200;

    /**
     * A name and a value, quoted or not, of a header's parameters. What is matched is not given back: to keep that for
     * every character of a long name took all of a stack.
     */
    private static final Pattern PARAMETER =
            Pattern.compile(";\\s*([\\w!#$%&'*+.^`|~-]+)=(\"((?:[^\"\\\\]++|\\\\.)*+)\"|[^;\"\\s]*)");

    /**
     * One part.
     *
     * @param fileName as it was sent, with its slashes
     * @param content ends where the part does; what is left of it is skipped when the next part is asked for
     */
    record Part(String name, Optional<String> fileName, InputStream content) {}

    private final InputStream in;
    private final byte[] delimiter;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int start;
    private int end;

    /** Up to here are bytes of the part, no delimiter. */
    private int clear;

    private boolean inEnded;
    private boolean inPart;
    private int parts;

    /** @param contentType of the request */
    Multipart(InputStream in, String contentType) {
        String boundary =
                Optional.ofNullable(parameters(contentType).get("boundary")).orElse("");
        if (boundary.isEmpty() || boundary.length() > BOUNDARY_CHARS_MAX) {
            throw new RestError(400, "error parsing multipart form: no multipart boundary param in Content-Type");
        }
        this.in = in;
        this.delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.ISO_8859_1);
        // The first delimiter needs no line break before it; with this one, all are alike.
        buffer[0] = '\r';
        buffer[1] = '\n';
        this.end = 2;
        this.inPart = true;
    }

    /**
     * Skips what is left of the last part and finds the next.
     *
     * @throws RestError for what is no multipart
     */
    Optional<Part> next() throws IOException {
        if (inPart) {
            new Content().skipAll();
        }
        start += delimiter.length;
        clear = start;
        fill(2);
        if (end - start >= 2 && buffer[start] == '-' && buffer[start + 1] == '-') {
            return Optional.empty();
        }
        if (++parts > PARTS_MAX) {
            throw new RestError(400, "error reading form: more than " + PARTS_MAX + " parts");
        }
        skipLineEnd();
        Map<String, String> headers = headers();
        Map<String, String> disposition = parameters(
                Optional.ofNullable(headers.get("content-disposition")).orElse(""));
        inPart = true;
        return Optional.of(new Part(
                Optional.ofNullable(disposition.get("name")).orElse(""),
                Optional.ofNullable(disposition.get("filename")),
                new Content()));
    }

    private void skipLineEnd() throws IOException {
        int character = readOne();
        while (character == ' ' || character == '\t') {
            character = readOne();
        }
        if (character != '\r' || readOne() != '\n') {
            throw new RestError(400, "error reading form: something behind a boundary");
        }
    }

    private Map<String, String> headers() throws IOException {
        Map<String, String> headers = new LinkedHashMap<>();
        int left = HEADER_BYTES_MAX;
        for (String line = line(left); !line.isEmpty(); line = line(left)) {
            left -= line.length();
            int colon = line.indexOf(':');
            if (colon <= 0) {
                throw new RestError(400, "error reading form: a header without a colon");
            }
            headers.put(
                    line.substring(0, colon).strip().toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        return headers;
    }

    private String line(int bytesMax) throws IOException {
        byte[] line = new byte[256];
        int length = 0;
        for (int character = readOne(); character != '\n'; character = readOne()) {
            if (character < 0) {
                throw cutOff();
            }
            if (length >= bytesMax) {
                throw new RestError(400, "error reading form: headers of more than " + HEADER_BYTES_MAX + " bytes");
            }
            if (length == line.length) {
                line = Arrays.copyOf(line, 2 * length);
            }
            line[length++] = (byte) character;
        }
        if (length > 0 && line[length - 1] == '\r') {
            length--;
        }
        return new String(line, 0, length, StandardCharsets.UTF_8);
    }

    private static RestError cutOff() {
        return new RestError(400, "error reading form: unexpected end");
    }

    private int readOne() throws IOException {
        fill(1);
        return start < end ? Byte.toUnsignedInt(buffer[start++]) : -1;
    }

    /** Reads until there are that many bytes, or no more. */
    private void fill(int wanted) throws IOException {
        if (end - start >= wanted || inEnded) {
            return;
        }
        System.arraycopy(buffer, start, buffer, 0, end - start);
        clear = Math.max(0, clear - start);
        end -= start;
        start = 0;
        while (end < wanted && !inEnded) {
            int count = in.read(buffer, end, buffer.length - end);
            if (count < 0) {
                inEnded = true;
            } else {
                end += count;
            }
        }
    }

    /** As browsers escape it, a quote in a name is {@code %22}; a backslash is taken as one, as Go does not. */
    private static Map<String, String> parameters(String header) {
        Map<String, String> found = new LinkedHashMap<>();
        Matcher matcher = PARAMETER.matcher(header);
        while (matcher.find()) {
            String value = matcher.group(3) == null
                    ? matcher.group(2)
                    : matcher.group(3).replaceAll("\\\\(.)", "$1").replace("%22", "\"");
            found.putIfAbsent(matcher.group(1).toLowerCase(Locale.ROOT), value);
        }
        return found;
    }

    /** Bytes up to the next delimiter. */
    private final class Content extends InputStream {
        private boolean ended;

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (ended || length == 0) {
                return ended ? -1 : 0;
            }
            int count = Math.min(length, sure());
            if (count == 0) {
                ended = true;
                inPart = false;
                return -1;
            }
            System.arraycopy(buffer, start, into, offset, count);
            start += count;
            return count;
        }

        /** How many bytes at the start are surely of this part; 0 when the delimiter is there. */
        private int sure() throws IOException {
            if (clear <= start) {
                fill(delimiter.length);
                if (end - start < delimiter.length) {
                    throw cutOff();
                }
                clear = delimiterOrEnd();
            }
            return clear - start;
        }

        /** Where the next delimiter begins, or could begin. */
        private int delimiterOrEnd() {
            int last = end - delimiter.length;
            for (int at = start; at <= last; at++) {
                if (buffer[at] == '\r'
                        && Arrays.equals(buffer, at, at + delimiter.length, delimiter, 0, delimiter.length)) {
                    return at;
                }
            }
            return last + 1;
        }

        void skipAll() throws IOException {
            byte[] sink = new byte[8 << 10];
            while (read(sink, 0, sink.length) >= 0) {
                // Nobody wants these.
            }
        }
    }
}

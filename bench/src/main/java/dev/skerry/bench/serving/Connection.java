package dev.skerry.bench.serving;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * One connection of HTTP/1.1 that is kept open, for one caller at a time. A client that does next to nothing, so that
 * what is measured is the other side.
 */
public final class Connection implements AutoCloseable {
    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final int BUFFER_BYTES = 64 << 10;
    private static final int LINE_BYTES_MAX = 32 << 10;

    private final URI origin;
    private final Socket socket = new Socket();
    private final InputStream in;
    private final OutputStream out;

    public Connection(URI origin) throws IOException {
        this.origin = origin;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout((int) BOUND.toMillis());
        socket.connect(new InetSocketAddress(origin.getHost(), origin.getPort()), (int) BOUND.toMillis());
        this.in = new BufferedInputStream(socket.getInputStream(), BUFFER_BYTES);
        this.out = socket.getOutputStream();
    }

    /**
     * An answer whose content is read from {@code body}; the connection takes the next request after its end.
     *
     * @param headers by their names in lower case
     */
    public record Answer(int status, Map<String, String> headers, InputStream body) {
        public byte[] content(int expected) throws IOException {
            byte[] content = body.readAllBytes();
            if (status != expected) {
                throw new IllegalStateException(
                        "answered " + status + ": " + new String(content, StandardCharsets.UTF_8));
            }
            return content;
        }
    }

    /** Sends a request; returns when the head of the answer is there. */
    public Answer send(String method, String target, Map<String, String> headers, byte[] body) throws IOException {
        StringBuilder head = new StringBuilder(256);
        head.append(method).append(' ').append(target).append(" HTTP/1.1\r\nHost: ");
        head.append(origin.getHost()).append(':').append(origin.getPort()).append("\r\n");
        headers.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        if (body.length > 0) {
            head.append("Content-Length: ").append(body.length).append("\r\n");
        }
        byte[] first = head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
        byte[] whole = new byte[first.length + body.length];
        System.arraycopy(first, 0, whole, 0, first.length);
        System.arraycopy(body, 0, whole, first.length, body.length);
        out.write(whole);
        return answer();
    }

    private Answer answer() throws IOException {
        String[] first = line(in).split(" ", 3);
        int status = Integer.parseInt(first[1]);
        Map<String, String> headers = new TreeMap<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        boolean chunked = "chunked".equals(headers.get("transfer-encoding"));
        long length = Long.parseLong(headers.getOrDefault("content-length", "0"));
        return new Answer(status, headers, new Content(in, chunked, length));
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder(80);
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("the connection ended within a line");
            }
            if (line.length() > LINE_BYTES_MAX) {
                throw new IOException("a line without an end");
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    /** The content of one answer. */
    private static final class Content extends InputStream {
        private final InputStream in;
        private final boolean chunked;

        /** Of the whole, or of the chunk that is being read. */
        private long left;

        private boolean withinChunks;
        private boolean ended;

        Content(InputStream in, boolean chunked, long length) {
            this.in = in;
            this.chunked = chunked;
            this.left = chunked ? 0 : length;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (left == 0 && !begin()) {
                return -1;
            }
            int count = in.read(into, offset, (int) Math.min(length, left));
            if (count < 0) {
                throw new EOFException("the connection ended within an answer");
            }
            left -= count;
            return count;
        }

        private boolean begin() throws IOException {
            if (chunked && !ended) {
                if (withinChunks) {
                    line(in); // Only now: servers may send the end of a chunk with the next one.
                }
                withinChunks = true;
                String size = line(in);
                left = Long.parseLong(size.split(";", 2)[0].strip(), 16);
                if (left == 0) {
                    while (!line(in).isEmpty()) {
                        // A trailer.
                    }
                }
            }
            ended = left == 0;
            return !ended;
        }
    }
}

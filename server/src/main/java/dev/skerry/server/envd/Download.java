package dev.skerry.server.envd;

import dev.skerry.server.http.Exchange;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.FileInfo;
import dev.skerry.wire.stream.GuestFiles;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URLConnection;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * {@code GET /files}: a file's bytes, as they are or packed, all or a part of them; never more than a window in memory.
 */
final class Download {
    private static final int BUFFER_BYTES = 32 << 10;
    private static final int UNMEASURED_BYTES_MAX = 256 << 10;

    private final Exchange exchange;
    private final GuestFiles files;
    private final String path;

    Download(Exchange exchange, GuestFiles files, String path) {
        this.exchange = exchange;
        this.files = files;
        this.path = path;
    }

    void answer() throws IOException, InterruptedException {
        FileInfo info = info();
        boolean conditional = exchange.header("Range").isPresent()
                || exchange.header("If-Modified-Since").isPresent()
                || exchange.header("If-None-Match").isPresent()
                || exchange.header("If-Range").isPresent();
        boolean gzip = ContentCoding.gzip(exchange.header("Accept-Encoding")) && !conditional && info.size() > 0;
        String tag =
                "\"" + Long.toHexString(info.modified().toEpochMilli()) + "-" + Long.toHexString(info.size()) + "\"";
        exchange.set("Vary", "Accept-Encoding")
                .set("Content-Disposition", "inline; filename=\"" + quoted(Account.baseName(path)) + "\"")
                .set(
                        "Last-Modified",
                        DateTimeFormatter.RFC_1123_DATE_TIME.format(
                                info.modified().atOffset(ZoneOffset.UTC)))
                .set("X-Content-Type-Options", "nosniff");
        if (gzip) {
            sendPacked(info);
            return;
        }
        exchange.set("Accept-Ranges", "bytes").set("ETag", tag);
        if (unchanged(info, tag)) {
            exchange.empty(304);
            return;
        }
        try {
            Optional<ByteRange> range = wanted(info, tag);
            if (range.isPresent()) {
                exchange.set("Content-Range", range.get().header(info.size()));
            }
            send(range.isPresent() ? 206 : 200, range.orElse(new ByteRange(0, info.size())));
        } catch (ByteRange.Unsatisfiable e) {
            exchange.set("Content-Range", "bytes */" + info.size()).empty(416);
        }
    }

    private FileInfo info() throws InterruptedException {
        FileInfo info;
        try {
            info = files.stat(path);
        } catch (Failure e) {
            throw e.code() == ErrorCode.NOT_FOUND ? new RestError(404, "path '" + path + "' does not exist") : e;
        }
        return switch (info.type()) {
            case FILE -> info;
            case DIRECTORY -> throw new RestError(400, "path '" + path + "' is a directory");
            case SYMLINK, OTHER -> throw new RestError(400, "path '" + path + "' is not a regular file");
        };
    }

    private boolean unchanged(FileInfo info, String tag) {
        Optional<String> match = exchange.header("If-None-Match");
        if (match.isPresent()) {
            return match.get().strip().equals("*") || match.get().contains(tag);
        }
        return exchange.header("If-Modified-Since")
                .flatMap(Download::date)
                .filter(since ->
                        !info.modified().truncatedTo(ChronoUnit.SECONDS).isAfter(since))
                .isPresent();
    }

    private Optional<ByteRange> wanted(FileInfo info, String tag) throws ByteRange.Unsatisfiable {
        Optional<String> range = exchange.header("Range");
        Optional<String> condition = exchange.header("If-Range");
        boolean same = condition.isEmpty()
                || condition.get().equals(tag)
                || date(condition.get())
                        .filter(info.modified().truncatedTo(ChronoUnit.SECONDS)::equals)
                        .isPresent();
        return range.isPresent() && same ? ByteRange.of(range.get(), info.size()) : Optional.empty();
    }

    private static Optional<Instant> date(String text) {
        try {
            return Optional.of(ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant());
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    private void send(int status, ByteRange range) throws IOException, InterruptedException {
        if (range.length() == 0) {
            sendUnmeasured(status);
            return;
        }
        try (InputStream in = files.read(path, range.offset(), range.length())) {
            exchange.set("Content-Length", Long.toString(range.length()));
            OutputStream out = exchange.stream(status, type());
            long sent = in.transferTo(out);
            if (sent != range.length()) {
                // The length was said already: only a broken answer tells the client.
                throw new EOFException("the file became shorter while it was read");
            }
            out.close();
        }
    }

    /** A file that says it is empty: it is, or it is one of /proc, whose length shows only when it is read. */
    private void sendUnmeasured(int status) throws IOException, InterruptedException {
        try (InputStream in = files.read(path)) {
            byte[] head = in.readNBytes(UNMEASURED_BYTES_MAX);
            if (head.length < UNMEASURED_BYTES_MAX) {
                exchange.bytes(status, type(), head);
                return;
            }
            OutputStream out = exchange.stream(status, type());
            out.write(head);
            in.transferTo(out);
            out.close();
        }
    }

    private void sendPacked(FileInfo info) throws IOException, InterruptedException {
        try (InputStream in = files.read(path, 0, info.size())) {
            exchange.set("Content-Encoding", "gzip");
            OutputStream out = exchange.stream(200, type());
            // Not closed when reading fails, or a part would look like the whole.
            GZIPOutputStream packed = new QuickGzip(new BufferedOutputStream(out, BUFFER_BYTES));
            in.transferTo(packed);
            packed.close();
        }
    }

    /** Clients ask for it without being asked; on a fast network the usual level would be what they wait for. */
    private static final class QuickGzip extends GZIPOutputStream {
        QuickGzip(OutputStream out) throws IOException {
            super(out, BUFFER_BYTES);
            def.setLevel(Deflater.BEST_SPEED);
        }
    }

    private String type() {
        return Optional.ofNullable(URLConnection.guessContentTypeFromName(Account.baseName(path)))
                .orElse("application/octet-stream");
    }

    private static String quoted(String name) {
        StringBuilder text = new StringBuilder();
        name.chars().forEach(c -> text.append(c < ' ' || c > '~' || c == '"' || c == '\\' ? '_' : (char) c));
        return text.toString();
    }
}

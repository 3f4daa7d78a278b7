package dev.skerry.server.envd;

import dev.skerry.server.http.Exchange;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.FileInfo;
import dev.skerry.wire.stream.GuestFiles;
import dev.skerry.wire.stream.Upload;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.eclipse.jetty.http.HttpField;

/** {@code POST /files}: one file as it is, or several as a form. */
final class UploadedFiles {
    private static final String METADATA = "x-metadata-";
    private static final int FILE_MODE = 0644;
    private static final int BUFFER_BYTES = 64 << 10;

    /** An upload may take as long as it likes, but what is still coming after a refusal is read only so far. */
    private static final long REST_BYTES_MAX = 256L << 20;

    private static final long REST_NANOS_MAX = 30_000_000_000L;

    private final Exchange exchange;
    private final GuestFiles files;
    private final Optional<GuestFiles> root;
    private final Account account;
    private final Optional<String> path;
    private final Map<String, String> metadata;
    private final List<Map<String, Object>> written = new ArrayList<>();

    /** @param root for what the user may not write, where it may become root */
    UploadedFiles(Exchange exchange, GuestFiles files, Optional<GuestFiles> root, Account account) {
        this.exchange = exchange;
        this.files = files;
        this.root = root;
        this.account = account;
        this.path = exchange.query("path");
        this.metadata = metadata(exchange.headers());
    }

    private static Map<String, String> metadata(List<HttpField> headers) {
        Map<String, String> found = new TreeMap<>();
        for (HttpField header : headers) {
            String name = header.getName().toLowerCase(Locale.ROOT);
            if (name.startsWith(METADATA) && name.length() > METADATA.length()) {
                found.put(
                        name.substring(METADATA.length()),
                        Optional.ofNullable(header.getValue()).orElse(""));
            }
        }
        return found;
    }

    void answer() throws IOException, InterruptedException {
        String contentType = exchange.header("Content-Type").orElse("");
        String mediaType = contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        try {
            // Not closed: that would refuse the rest, which a client must be able to send to see an answer.
            InputStream body = body();
            if (mediaType.equals("application/octet-stream")) {
                String asked = path.orElseThrow(
                        () -> new RestError(400, "path query parameter is required for raw body upload"));
                write(account.resolve(asked), body);
            } else if (mediaType.startsWith("multipart/")) {
                form(new Multipart(body, contentType));
            } else {
                throw new RestError(
                        400,
                        "unsupported content type: " + contentType
                                + ", expected multipart/form-data or application/octet-stream");
            }
        } catch (ZipException e) {
            throw new RestError(400, "error decompressing request body: " + e.getMessage());
        }
        exchange.json(200, written);
    }

    private InputStream body() throws IOException {
        String coding =
                exchange.header("Content-Encoding").orElse("identity").strip().toLowerCase(Locale.ROOT);
        return switch (coding) {
            case "", "identity" -> exchange.body();
            case "gzip", "x-gzip" -> new GZIPInputStream(exchange.body(), BUFFER_BYTES);
            default ->
                throw new RestError(
                        400,
                        "error decompressing request body: unsupported Content-Encoding: " + coding
                                + ", supported: [gzip]");
        };
    }

    private void form(Multipart form) throws IOException, InterruptedException {
        for (Optional<Multipart.Part> part = form.next(); part.isPresent(); part = form.next()) {
            if (!part.get().name().equals("file")) {
                continue;
            }
            String asked = path.or(part.get()::fileName)
                    .filter(name -> !name.isEmpty())
                    .orElseThrow(() -> new RestError(
                            400, "a file without a path: give it a filename, or the query parameter path"));
            String target = account.resolve(asked);
            if (written.stream().anyMatch(entry -> target.equals(entry.get("path")))) {
                throw new RestError(
                        400,
                        "you cannot upload multiple files to the same path '" + target
                                + "' in one upload request, only the first specified file was uploaded");
            }
            write(target, part.get().content());
        }
    }

    /** @param given whether root made it, for the user */
    private record Opened(Upload upload, GuestFiles files, boolean given) {}

    private void write(String target, InputStream content) throws IOException, InterruptedException {
        Opened opened = open(target);
        try (Upload upload = opened.upload()) {
            byte[] piece = new byte[BUFFER_BYTES];
            for (int count = content.read(piece); count >= 0; count = content.read(piece)) {
                upload.output().write(piece, 0, count);
            }
            upload.finish();
        }
        FileMetadata.replace(opened.files(), target, metadata);
        if (opened.given()) {
            opened.files().owner(target, account.uid(), account.gid());
        }
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("path", target);
        entry.put("name", Account.baseName(target));
        entry.put("type", "file");
        if (!metadata.isEmpty()) {
            entry.put("metadata", metadata);
        }
        written.add(entry);
    }

    private Opened open(String target) throws InterruptedException {
        try {
            return new Opened(open(files, target), files, false);
        } catch (Failure e) {
            if (e.code() != ErrorCode.DENIED || root.isEmpty()) {
                throw e;
            }
            OwnedFolders.make(root.get(), Account.parent(target), account);
            boolean fresh = !root.get().exists(target);
            return new Opened(open(root.get(), target), root.get(), fresh);
        }
    }

    private static Upload open(GuestFiles files, String target) throws InterruptedException {
        try {
            return files.write(target, GuestFiles.Mode.REPLACE, FILE_MODE);
        } catch (Failure e) {
            if (e.code() != ErrorCode.SANDBOX_GONE && isFolder(files, target)) {
                throw new RestError(400, "path is a directory: " + target);
            }
            throw e;
        }
    }

    private static boolean isFolder(GuestFiles files, String target) throws InterruptedException {
        try {
            return files.stat(target).type() == FileInfo.Type.DIRECTORY;
        } catch (Failure e) {
            return false;
        }
    }

    /** Clients that are still sending would not see an answer on a connection that closes under them. */
    static void readRest(Exchange exchange) {
        if (exchange.header("Expect").isPresent()) {
            // It waited for leave to send, and sends nothing now; what came next would be another request.
            return;
        }
        long begun = System.nanoTime();
        byte[] sink = new byte[BUFFER_BYTES];
        long left = REST_BYTES_MAX;
        try {
            InputStream in = exchange.body();
            for (int count = in.read(sink); count >= 0 && left > 0; count = in.read(sink)) {
                left -= count;
                if (System.nanoTime() - begun > REST_NANOS_MAX) {
                    return;
                }
            }
        } catch (IOException e) {
            // It has gone: nobody to be polite to.
            return;
        }
    }
}

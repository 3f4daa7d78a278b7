package dev.skerry.server.envd;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.sandboxes.LiveSandbox;
import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.server.tenants.SandboxTokens;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.FileInfo;
import dev.skerry.wire.stream.GuestFiles;
import dev.skerry.wire.stream.Upload;
import java.io.IOException;
import java.io.InputStream;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;

/** {@code /files}, opened by the sandbox's token or by a signed URL, and {@code /files/compose}. */
final class FilesEndpoint {
    private static final int COMPOSE_BYTES_MAX = 1 << 20;
    private static final int SOURCES_MAX = 10_000;
    private static final int FILE_MODE = 0644;

    private final SandboxTokens tokens;
    private final InstantSource clock;

    FilesEndpoint(SandboxTokens tokens, InstantSource clock) {
        this.tokens = tokens;
        this.clock = clock;
    }

    /** GET and POST of {@code /files}. */
    void handle(Exchange exchange, LiveSandbox sandbox, GuestSession session) throws IOException, InterruptedException {
        boolean reading = !exchange.method().equals("POST");
        authorize(exchange, sandbox.sandbox());
        Account account = account(session, exchange.query("username"));
        GuestFiles files = sandbox.guest().files().as(account.guestName());
        if (reading) {
            download(
                    exchange,
                    sandbox,
                    files,
                    account.resolve(exchange.query("path").orElse("")));
        } else {
            Optional<GuestFiles> root =
                    Caller.mayBeRoot(sandbox) ? Optional.of(sandbox.guest().files()) : Optional.empty();
            new UploadedFiles(exchange, files, root, account).answer();
        }
    }

    private static void download(Exchange exchange, LiveSandbox sandbox, GuestFiles files, String path)
            throws IOException, InterruptedException {
        try {
            new Download(exchange, files, path).answer();
        } catch (Failure e) {
            if (e.code() != ErrorCode.DENIED || exchange.answered() || !Caller.mayBeRoot(sandbox)) {
                throw e;
            }
            new Download(exchange, sandbox.guest().files(), path).answer();
        }
    }

    private static Account account(GuestSession session, Optional<String> name) throws InterruptedException {
        Optional<String> given = name.filter(text -> !text.isEmpty());
        if (given.isEmpty()) {
            return session.accounts().byDefault();
        }
        return session.accounts()
                .find(given.get())
                .orElseThrow(() -> new RestError(
                        401, "error looking up user '" + given.get() + "': user: unknown user " + given.get()));
    }

    /** @throws RestError when neither a token nor a signature says that it may */
    void authorize(Exchange exchange, Sandbox sandbox) {
        if (!sandbox.config().secure()) {
            return;
        }
        Optional<String> token = exchange.header("X-Access-Token").filter(text -> !text.isEmpty());
        if (token.isPresent()) {
            if (!tokens.matches(SandboxTokens.Purpose.ENVD, sandbox.id(), token.get())) {
                throw new RestError(401, "access token present in header but does not match");
            }
            return;
        }
        String given =
                exchange.query("signature").orElseThrow(() -> new RestError(401, "missing signature query parameter"));
        FileSignature signature = new FileSignature(
                exchange.query("path").orElse(""),
                exchange.method().equals("POST") ? FileSignature.Operation.WRITE : FileSignature.Operation.READ,
                exchange.query("username").orElse(""),
                exchange.query("signature_expiration"));
        if (tokens.accepted(SandboxTokens.Purpose.ENVD, sandbox.id()).stream()
                .noneMatch(accepted -> signature.matches(accepted, given))) {
            throw new RestError(401, "invalid signature");
        }
        if (signature.expired(clock.instant().getEpochSecond())) {
            throw new RestError(401, "signature is already expired");
        }
    }

    /** Joins files into one, which replaces what was there at once, and removes them. */
    void compose(Exchange exchange, LiveSandbox sandbox, GuestSession session)
            throws IOException, InterruptedException {
        JsonNode request = exchange.json(COMPOSE_BYTES_MAX);
        List<String> sources = StreamSupport.stream(request.path("source_paths").spliterator(), false)
                .map(node -> node.asString(""))
                .toList();
        String asked = request.path("destination").asString("");
        if (sources.isEmpty() || sources.size() > SOURCES_MAX) {
            throw new RestError(400, "source_paths must have from 1 to " + SOURCES_MAX + " paths");
        }
        if (asked.isEmpty()) {
            throw new RestError(400, "destination is required");
        }
        Account account = account(session, Optional.of(request.path("username").asString("")));
        GuestFiles files = sandbox.guest().files().as(account.guestName());
        String destination = account.resolve(asked);
        List<String> paths = sources.stream().map(account::resolve).toList();
        for (int i = 0; i < paths.size(); i++) {
            checkSource(files, paths.get(i), sources.get(i), destination);
        }
        try (Upload upload = files.write(destination, GuestFiles.Mode.ATOMIC, FILE_MODE)) {
            for (String path : paths) {
                try (InputStream in = files.read(path)) {
                    in.transferTo(upload.output());
                }
            }
            upload.finish();
        }
        for (String path : paths) {
            removeIfThere(files, path);
        }
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("path", destination);
        entry.put("name", Account.baseName(destination));
        entry.put("type", "file");
        exchange.json(200, entry);
    }

    /** One that was named twice is gone at the second time. */
    private static void removeIfThere(GuestFiles files, String path) throws InterruptedException {
        try {
            files.remove(path, false);
        } catch (Failure e) {
            if (e.code() != ErrorCode.NOT_FOUND) {
                throw e;
            }
        }
    }

    private static void checkSource(GuestFiles files, String path, String asked, String destination)
            throws InterruptedException {
        if (Account.normal(path).equals(Account.normal(destination))) {
            throw new RestError(400, "source path \"" + asked + "\" cannot be the same as destination");
        }
        FileInfo info;
        try {
            info = files.stat(path);
        } catch (Failure e) {
            throw e.code() == ErrorCode.NOT_FOUND ? new RestError(404, "source file not found: " + asked) : e;
        }
        if (info.type() != FileInfo.Type.FILE) {
            throw new RestError(400, "source path is not a regular file: " + asked);
        }
    }
}

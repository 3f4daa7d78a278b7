package dev.skerry.cli;

import dev.skerry.host.jobs.Extraction;
import dev.skerry.host.jobs.JobRunner;
import dev.skerry.host.jobs.JobSandbox;
import dev.skerry.host.jobs.TarWriter;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Quantity;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * One file or folder that is copied between this machine and a sandbox.
 *
 * @param inside absolute path in the sandbox
 */
record Transfer(Path outside, String inside) {
    private static final int PIPE_BYTES = 256 << 10;
    private static final long FILES_MAX = 100_000;

    /** {@code HOSTPATH[:PATH]}; without PATH it goes to the job's folder under its own name. */
    static Transfer in(String text) {
        int colon = text.lastIndexOf(":/");
        Path outside = Path.of(colon < 1 ? text : text.substring(0, colon));
        if (!Files.exists(outside)) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "--in '" + text + "': there is no '" + outside + "'");
        }
        Path name = outside.toAbsolutePath().normalize().getFileName();
        String inside = colon < 1 ? JobRunner.FOLDER + "/" + (name == null ? "root" : name) : text.substring(colon + 1);
        return new Transfer(outside, absolute(inside, "--in '" + text + "'"));
    }

    /** {@code PATH:HOSTPATH}. */
    static Transfer out(String text) {
        int colon = text.indexOf(':');
        if (colon < 1 || colon == text.length() - 1) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "--out '" + text + "' names one path",
                    "write PATH:HOSTPATH, inside first");
        }
        String path = text.substring(0, colon);
        String inside = path.startsWith("/") ? path : JobRunner.FOLDER + "/" + path;
        Path outside = Path.of(text.substring(colon + 1));
        Path folder = outside.toAbsolutePath().normalize().getParent();
        if (folder != null && !Files.isDirectory(folder)) {
            // Before the program runs, because what it made would be lost with its sandbox.
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "--out '" + text + "': there is no folder '" + folder + "' to copy into",
                    "make it first, or name another");
        }
        return new Transfer(outside, absolute(inside, "--out '" + text + "'"));
    }

    private static String absolute(String inside, String option) {
        Path path = Path.of(inside).normalize();
        if (!path.isAbsolute() || path.getFileName() == null) {
            throw new Failure(ErrorCode.INVALID_REQUEST, option + ": '" + inside + "' is not an absolute path inside");
        }
        return path.toString();
    }

    /** Copies into the sandbox; what arrives belongs to {@code user}, or to root where that user may not write. */
    void copyIn(JobSandbox sandbox, String user) {
        try {
            send(sandbox, user);
        } catch (Failure e) {
            if (e.code() != ErrorCode.DENIED) {
                throw e;
            }
            send(sandbox, "root");
        }
    }

    private void send(JobSandbox sandbox, String user) {
        Path target = Path.of(inside);
        try (var archive = new PipedInputStream(PIPE_BYTES)) {
            var sink = new PipedOutputStream(archive);
            var failure = new java.util.concurrent.atomic.AtomicReference<Exception>();
            Thread writer = Thread.ofVirtual().name("copy-in").start(() -> {
                try (OutputStream closing = sink;
                        var tar = new TarWriter(closing)) {
                    String name = String.valueOf(target.getFileName());
                    if (Files.isRegularFile(outside)) {
                        tar.addFile(outside, name);
                    } else {
                        tar.add(outside.toRealPath(), name);
                    }
                } catch (IOException | Failure e) {
                    failure.set(e);
                }
            });
            sandbox.unpack(archive, String.valueOf(target.getParent()), user);
            writer.join();
            rethrow(failure.get());
        } catch (IOException e) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "'" + outside + "' cannot be copied: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(ErrorCode.INTERNAL, "interrupted while '" + outside + "' was copied", e);
        }
    }

    private static void rethrow(@org.jspecify.annotations.Nullable Exception e) throws IOException {
        switch (e) {
            case null -> {}
            case IOException io -> throw io;
            case Failure failure -> throw failure;
            default -> throw new IllegalStateException(e);
        }
    }

    /**
     * Copies out of the sandbox what {@code user} may read there, bounded by what its disk may hold. The host path
     * appears when all of it has arrived.
     *
     * @return links and special files that were left out
     */
    long copyOut(JobSandbox sandbox, String user, long bytesMax) {
        try {
            return switch (sandbox.kind(inside, user)) {
                case FILE -> copyFile(sandbox, user, bytesMax);
                case FOLDER -> {
                    try (InputStream archive = sandbox.pack(inside, user)) {
                        yield Extraction.unpack(archive, outside, new Extraction.Bounds(bytesMax, FILES_MAX))
                                .leftOut();
                    }
                }
                case OTHER ->
                    throw new Failure(
                            ErrorCode.DENIED,
                            "--out: '" + inside + "' is a link or a special file",
                            "copy what it leads to");
                case MISSING -> throw new Failure(ErrorCode.NOT_FOUND, "--out: the program left no '" + inside + "'");
            };
        } catch (IOException e) {
            throw new Failure(ErrorCode.NO_SPACE, "'" + outside + "' cannot be written: " + e.getMessage(), e);
        }
    }

    private long copyFile(JobSandbox sandbox, String user, long bytesMax) throws IOException {
        Path target = Files.isDirectory(outside)
                ? outside.resolve(String.valueOf(Path.of(inside).getFileName()))
                : outside;
        Path parent = target.toAbsolutePath().getParent();
        Path fresh = Files.createTempFile(parent == null ? Path.of("/") : parent, ".skerry", ".part");
        try (InputStream in = sandbox.read(inside, user)) {
            try (OutputStream out = Files.newOutputStream(fresh)) {
                if (copyBounded(in, out, bytesMax)) {
                    throw new Failure(
                            ErrorCode.LIMIT_EXCEEDED,
                            "--out: '" + inside + "' is larger than " + Quantity.ofBytes(bytesMax));
                }
            }
            Files.setPosixFilePermissions(fresh, java.nio.file.attribute.PosixFilePermissions.fromString("rw-r--r--"));
            Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return 0;
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    private static boolean copyBounded(InputStream in, OutputStream out, long bytesMax) throws IOException {
        byte[] buffer = new byte[64 << 10];
        long copied = 0;
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            copied += n;
            if (copied > bytesMax) {
                return true;
            }
            out.write(buffer, 0, n);
        }
        return false;
    }
}

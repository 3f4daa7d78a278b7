package dev.skerry.cli;

import dev.skerry.cli.client.Envd;
import dev.skerry.cli.client.Envd.FileFacts;
import dev.skerry.cli.client.ProcessStart;
import dev.skerry.cli.client.RemoteProcess;
import dev.skerry.cli.client.RemoteProcess.End;
import dev.skerry.host.jobs.Extraction;
import dev.skerry.host.jobs.TarWriter;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * A copy between this machine and a path in a sandbox. Files go through the file interface of the sandbox; folders as
 * an archive that the sandbox's own {@code tar} writes or reads. What a sandbox sends is unpacked as hostile: no links,
 * no set-uid bits, nothing outside of the folder.
 */
record RemoteCopy(Context context, Envd envd, String path) {
    private static final int CHUNK_BYTES = 64 << 10;
    private static final int PIPE_BYTES = 256 << 10;
    /** Zeros that fill up an archive after its end. */
    private static final int TAIL_BYTES_MAX = 64 << 10;

    private static final Duration LAST_WORDS_BOUND = Duration.ofSeconds(10);
    private static final int WORDS_BYTES_MAX = 4 << 10;
    /** More than a sandbox's disk holds by default; a bound, because what comes is not to be trusted. */
    private static final Extraction.Bounds BOUNDS = new Extraction.Bounds(64L << 30, 2_000_000);

    void inFromStdin() throws InterruptedException {
        if (envd.stat(path).filter(FileFacts::folder).isPresent()) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "'" + path + "' is a folder", "name the file to write");
        }
        envd.write(path, BodyPublishers.ofInputStream(context::stdin));
    }

    void in(Path from) throws InterruptedException {
        if (!Files.exists(from)) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "there is no '" + from + "'");
        }
        Path name = from.toAbsolutePath().normalize().getFileName();
        boolean into = !onlyContent(from.toString())
                && (path.endsWith("/")
                        || envd.stat(path).filter(FileFacts::folder).isPresent());
        String target = into ? path.replaceFirst("/*$", "/") + (name == null ? "root" : name) : path;
        if (Files.isDirectory(from)) {
            folderIn(from, target);
        } else {
            fileIn(from, target);
        }
    }

    /** As with cp(1): what is in the folder, not the folder. */
    private static boolean onlyContent(String folder) {
        return folder.endsWith("/.");
    }

    private void fileIn(Path from, String target) throws InterruptedException {
        try {
            envd.write(target, BodyPublishers.ofFile(from));
        } catch (FileNotFoundException e) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "'" + from + "' cannot be read: " + e.getMessage(), "", e);
        }
        if (Files.isExecutable(from)) {
            run(ProcessStart.of("chmod", "755", "--", target));
        }
    }

    private void folderIn(Path from, String target) throws InterruptedException {
        run(ProcessStart.of("mkdir", "-p", "--", target));
        var failure = new AtomicReference<Exception>();
        try (RemoteProcess tar =
                start(ProcessStart.of("tar", "-C", target, "-xf", "-").withInput())) {
            Thread writer = Thread.ofVirtual().name("copy-in").start(() -> {
                try {
                    send(from, tar);
                } catch (IOException | Failure e) {
                    failure.set(e);
                }
            });
            Optional<Failure> refusal;
            try {
                refusal = follow(tar, "tar", bytes -> {});
                writer.join(LAST_WORDS_BOUND);
            } finally {
                writer.interrupt();
                writer.join();
            }
            switch (failure.get()) {
                // What it did not want to hear is no failure when it was content without.
                case null -> refusal.ifPresent(RemoteCopy::raise);
                case Rejected _ -> refusal.ifPresent(RemoteCopy::raise);
                case Failure e -> throw e;
                case Exception e ->
                    throw new Failure(
                            ErrorCode.INVALID_REQUEST, "'" + from + "' cannot be copied: " + e.getMessage(), e);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void send(Path from, RemoteProcess tar) throws IOException {
        try (var archive = new TarWriter(new Chunks(tar))) {
            archive.add(from.toRealPath(), ".");
        }
    }

    /** @param folder whether the user wrote {@code to} as one */
    void out(Path to, boolean folder) throws InterruptedException {
        FileFacts facts = facts();
        Path name = Path.of(path).normalize().getFileName();
        boolean into = Files.isDirectory(to);
        if (folder && !into && !facts.folder()) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "there is no folder '" + to + "'");
        }
        Path target = into && !onlyContent(path) ? to.resolve(name == null ? "root" : name.toString()) : to;
        try {
            if (facts.folder()) {
                folderOut(target);
            } else {
                fileOut(target, facts.executable());
            }
        } catch (IOException e) {
            throw new Failure(ErrorCode.NO_SPACE, "'" + target + "' cannot be written: " + e.getMessage(), e);
        }
    }

    private FileFacts facts() throws InterruptedException {
        return envd.stat(path)
                .orElseThrow(() -> new Failure(
                        ErrorCode.NOT_FOUND,
                        "there is no '" + path + "' in sandbox '"
                                + envd.sandbox().id() + "'"));
    }

    private void fileOut(Path target, boolean executable) throws IOException, InterruptedException {
        Path fresh = Files.createTempFile(target.toAbsolutePath().resolveSibling(""), ".skerry", ".part");
        try (InputStream in = envd.read(path)) {
            try (OutputStream out = Files.newOutputStream(fresh)) {
                in.transferTo(out);
            }
            Files.setPosixFilePermissions(
                    fresh, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
            Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    void outToStdout() throws InterruptedException {
        FileFacts facts = facts();
        try {
            if (facts.folder()) {
                try (RemoteProcess tar = start(packing())) {
                    follow(tar, "tar", context.stdout()::write).ifPresent(RemoteCopy::raise);
                }
            } else {
                try (InputStream in = envd.read(path)) {
                    in.transferTo(context.stdout());
                }
            }
            context.stdout().flush();
        } catch (IOException e) {
            throw new Failure(ErrorCode.NO_SPACE, "'" + path + "' was not copied as a whole: " + e.getMessage(), e);
        }
    }

    /** Hard links as files of their own, because links are not unpacked. */
    private ProcessStart packing() {
        return ProcessStart.of("tar", "-C", path, "--format=pax", "--hard-dereference", "-cf", "-", ".");
    }

    private void folderOut(Path target) throws IOException, InterruptedException {
        var refusal = new AtomicReference<Optional<Failure>>(Optional.empty());
        try (RemoteProcess tar = start(packing());
                var pipe = new PipedInputStream(PIPE_BYTES)) {
            var sink = new PipedOutputStream(pipe);
            Thread reader = Thread.ofVirtual().name("copy-out").start(() -> {
                try (sink) {
                    refusal.set(follow(tar, "tar", sink::write));
                } catch (Failure e) {
                    refusal.set(Optional.of(e));
                } catch (IOException e) {
                    // Whoever unpacks had enough of it, and says why.
                }
            });
            InputStream archive = new Whole(pipe, refusal::get);
            long leftOut = Extraction.unpack(archive, target, BOUNDS).leftOut();
            archive.skip(TAIL_BYTES_MAX);
            reader.join(LAST_WORDS_BOUND);
            if (leftOut > 0) {
                context.say("left out " + leftOut + " links and special files");
            }
        }
        refusal.get().ifPresent(RemoteCopy::raise);
    }

    /** Runs a program that has nothing to say. */
    private void run(ProcessStart start) throws InterruptedException {
        try (RemoteProcess process = start(start)) {
            follow(process, start.words().getFirst(), bytes -> {}).ifPresent(RemoteCopy::raise);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private RemoteProcess start(ProcessStart start) throws InterruptedException {
        try {
            return envd.start(start);
        } catch (Failure e) {
            if (e.code() != ErrorCode.NOT_FOUND) {
                throw e;
            }
            throw new Failure(
                    ErrorCode.UNSUPPORTED,
                    "the sandbox has no '" + start.words().getFirst() + "', which copying needs: " + e.getMessage(),
                    "copy single files that are not executable",
                    e);
        }
    }

    /** Follows a program to its end. @return what went wrong in it, with its own words */
    private static Optional<Failure> follow(RemoteProcess process, String name, RemoteProcess.Sink out)
            throws IOException {
        var words = new ByteArrayOutputStream();
        End end = process.follow(
                out, bytes -> words.write(bytes, 0, Math.min(bytes.length, WORDS_BYTES_MAX - words.size())));
        if (end.exitCode() == 0 && end.signal().isEmpty()) {
            return Optional.empty();
        }
        String said = words.toString(StandardCharsets.UTF_8).strip();
        return Optional.of(new Failure(
                ErrorCode.DENIED,
                "'" + name + "' in the sandbox ended with " + end.words() + (said.isEmpty() ? "" : ": " + said)));
    }

    private static void raise(Failure failure) {
        throw failure;
    }

    /** An archive whose end counts only when the program that wrote it ended well. */
    private static final class Whole extends FilterInputStream {
        private final Supplier<Optional<Failure>> refusal;

        Whole(InputStream in, Supplier<Optional<Failure>> refusal) {
            super(in);
            this.refusal = refusal;
        }

        @Override
        public int read() throws IOException {
            return checked(super.read());
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            return checked(super.read(into, offset, length));
        }

        private int checked(int n) {
            if (n < 0) {
                refusal.get().ifPresent(RemoteCopy::raise);
            }
            return n;
        }
    }

    /** The program in the sandbox takes no more; its end says why. */
    private static final class Rejected extends IOException {
        private static final long serialVersionUID = 1L;

        Rejected(Failure cause) {
            super(cause);
        }
    }

    /** Standard input of a program in the sandbox, sent in pieces of a good size. */
    private static final class Chunks extends OutputStream {
        private final RemoteProcess process;
        private final byte[] buffer = new byte[CHUNK_BYTES];
        private int filled;

        Chunks(RemoteProcess process) {
            this.process = process;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            for (int at = 0; at < length; ) {
                int n = Math.min(length - at, buffer.length - filled);
                System.arraycopy(bytes, offset + at, buffer, filled, n);
                filled += n;
                at += n;
                if (filled == buffer.length) {
                    flush();
                }
            }
        }

        @Override
        public void flush() throws IOException {
            if (filled > 0) {
                asked(() -> process.send(buffer, filled));
                filled = 0;
            }
        }

        @Override
        public void close() throws IOException {
            flush();
            asked(process::closeInput);
        }

        private interface Request {
            void send() throws InterruptedException;
        }

        private static void asked(Request request) throws IOException {
            try {
                request.send();
            } catch (Failure e) {
                throw new Rejected(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
    }
}

package dev.skerry.host.templates;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A folder held open by descriptor, so that what is done in it cannot be redirected by links.
 *
 * <p>Names are byte strings (one character per byte, see {@link Libc}). Names with a slash are only for
 * {@link #beneath}.
 */
final class Folder implements AutoCloseable {
    private static final Charset FILE_NAMES = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private final int descriptor;
    private final String description;

    private Folder(int descriptor, String description) {
        this.descriptor = descriptor;
        this.description = description;
    }

    /** The bytes of a path of this JVM, which a path object keeps even where they are no text. */
    static String bytesOf(Path path) {
        return new String(path.toString().getBytes(FILE_NAMES), StandardCharsets.ISO_8859_1);
    }

    /** A byte string as a reader should see it. */
    static String readable(String bytes) {
        return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    static Folder open(Path path) throws IOException {
        int opened = Libc.openAt(Libc.AT_FDCWD, bytesOf(path), Libc.O_PATH | Libc.O_DIRECTORY, 0);
        return new Folder(check(opened, "open", path.toString()), path.toString());
    }

    /** Opens a folder further down; a link anywhere on the way is an error (ELOOP, or ENOTDIR at the last name). */
    Folder beneath(String path) throws IOException {
        int opened = Libc.openBeneath(descriptor, path.isEmpty() ? "." : path, Libc.O_PATH | Libc.O_DIRECTORY);
        return new Folder(check(opened, "open", path), description + "/" + readable(path));
    }

    static int check(int result, String call, String subject) throws NativeError {
        if (result < 0) {
            throw new NativeError(call, readable(subject), -result);
        }
        return result;
    }

    int descriptor() {
        return descriptor;
    }

    /**
     * A path to a name in this folder for calls that take only paths; its last component must not be a link where that
     * matters.
     */
    String procPath(String name) {
        return "/proc/self/fd/" + descriptor + (name.isEmpty() ? "" : "/" + name);
    }

    Optional<FileStat> stat(String name) {
        return Libc.stat(descriptor, name);
    }

    void makeFolder(String name) throws NativeError {
        check(Libc.makeFolder(descriptor, name, 0700), "mkdir", name);
    }

    void symlink(String target, String name) throws NativeError {
        check(Libc.symlink(target, descriptor, name), "symlink", name);
    }

    void whiteout(String name) throws NativeError {
        check(Libc.makeWhiteout(descriptor, name), "mknod", name);
    }

    /** Hides what lower layers have in a folder (overlayfs.rst, "opaque directories"); {@code .} means this one. */
    void makeOpaque(String name) throws NativeError {
        byte[] yes = {'y'};
        check(Libc.setAttribute(procPath(name), "trusted.overlay.opaque", yes), "setxattr", name);
    }

    void linkFrom(Folder from, String fromName, String name) throws NativeError {
        check(Libc.link(from.descriptor, fromName, descriptor, name), "link", name);
    }

    /** Owner first, since changing it clears setuid bits. Not for links. */
    void setOwnerAndMode(String name, int uid, int gid, int mode) throws NativeError {
        check(Libc.changeOwner(descriptor, name, uid, gid), "chown", name);
        check(Libc.changeMode(descriptor, name, mode), "chmod", name);
    }

    /** A new file that is nobody else's: fails when the name exists in any form. */
    Output create(String name) throws NativeError {
        int flags = Libc.O_CREAT | Libc.O_EXCL | Libc.O_WRONLY | Libc.O_NOFOLLOW;
        return new Output(check(Libc.openAt(descriptor, name, flags, 0600), "create", name), name);
    }

    void write(String name, byte[] content, int mode) throws NativeError {
        try (var output = create(name)) {
            output.write(content, content.length);
        }
        setOwnerAndMode(name, 0, 0, mode);
    }

    /** Removes a name and, if it is a folder, all that is in it. No links are followed. */
    void remove(String name) throws IOException {
        int result = Libc.unlink(descriptor, name, 0);
        if (result >= 0 || result == -NativeError.ENOENT) {
            return;
        }
        try (var inner = beneath(name);
                DirectoryStream<Path> children = Files.newDirectoryStream(Path.of(inner.procPath("")))) {
            for (Path child : children) {
                deleteTree(child);
            }
        }
        check(Libc.unlink(descriptor, name, Libc.AT_REMOVEDIR), "rmdir", name);
    }

    static void deleteTree(Path root) throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException error) throws IOException {
                if (error != null) {
                    throw error;
                }
                Files.delete(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    @Override
    public void close() {
        Libc.close(descriptor);
    }

    @Override
    public String toString() {
        return description;
    }

    /** The content of a new file. */
    static final class Output implements AutoCloseable {
        private static final int BUFFER_BYTES = 128 << 10;

        private final int descriptor;
        private final String name;

        @SuppressWarnings("MustBeClosedChecker") // closed with the file
        private final Arena arena = Arena.ofConfined();

        private MemorySegment buffer = MemorySegment.NULL;

        private Output(int descriptor, String name) {
            this.descriptor = descriptor;
            this.name = name;
        }

        void write(byte[] bytes, int length) throws NativeError {
            if (buffer.byteSize() == 0) {
                buffer = arena.allocate(Math.clamp(length, 1, BUFFER_BYTES));
            }
            int done = 0;
            while (done < length) {
                int part = (int) Math.min(buffer.byteSize(), length - done);
                MemorySegment.copy(bytes, done, buffer, ValueLayout.JAVA_BYTE, 0, part);
                long written = Libc.write(descriptor, buffer, part);
                done += check((int) written, "write", name);
            }
        }

        void seek(long offset) throws NativeError {
            check(Libc.seekTo(descriptor, offset), "seek", name);
        }

        void truncate(long size) throws NativeError {
            check(Libc.truncate(descriptor, size), "truncate", name);
        }

        int descriptor() {
            return descriptor;
        }

        @Override
        public void close() {
            arena.close();
            Libc.close(descriptor);
        }
    }
}

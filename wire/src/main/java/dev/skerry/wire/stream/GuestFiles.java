package dev.skerry.wire.stream;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.FieldWriter;
import dev.skerry.wire.Fields;
import dev.skerry.wire.FieldsText;
import dev.skerry.wire.Op;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Files of the sandbox. Paths are absolute. Every operation has the rights of one user inside, root unless {@link #as}
 * says otherwise, so a link that another user plants leads nowhere that this one could not go.
 */
public final class GuestFiles {
    private static final Duration ANSWER_BOUND = Duration.ofMinutes(10);
    private static final int FOLLOW = 1;
    private static final int RECURSIVE = 1;
    private static final int EXCLUSIVE = 4;
    private static final int PARENTS = 8;
    private static final int PATH_BYTES_MAX = 4095;
    private static final int TEXT_BYTES_MAX = 16 << 20;

    private final GuestConnection connection;
    private final Optional<String> user;

    GuestFiles(GuestConnection connection) {
        this(connection, Optional.empty());
    }

    private GuestFiles(GuestConnection connection, Optional<String> user) {
        this.connection = connection;
        this.user = user;
    }

    /** @param name of a user inside, or uid, or uid:gid */
    public GuestFiles as(String name) {
        return new GuestFiles(connection, Optional.of(name));
    }

    /** Follows symbolic links. */
    public FileInfo stat(String path) throws InterruptedException {
        return info(path, connection.call(Op.STAT, request(path).number(Tag.FLAGS, FOLLOW)));
    }

    /** Of the link itself. */
    public FileInfo linkStat(String path) throws InterruptedException {
        return info(path, connection.call(Op.STAT, request(path).number(Tag.FLAGS, 0)));
    }

    public boolean exists(String path) throws InterruptedException {
        try {
            linkStat(path);
            return true;
        } catch (Failure e) {
            if (e.code() == ErrorCode.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    /**
     * A folder's entries, links not followed.
     *
     * @param depth 1 for the folder itself
     * @param entriesMax more are left out, and said so
     */
    public Listing list(String path, int depth, int entriesMax) throws InterruptedException {
        FieldWriter request = request(path).number(Tag.DEPTH, depth).number(Tag.LIMIT, entriesMax);
        return Listing.read(connection, streaming(Op.LIST_DIR, request), entriesMax);
    }

    public List<FileInfo> list(String path) throws InterruptedException {
        return list(path, 1, 100_000).entries();
    }

    /** The content of a regular file. Closing early gives it up. */
    public InputStream read(String path) throws InterruptedException {
        return new GuestInput(streaming(Op.READ, request(path)), 1, true);
    }

    /** Part of a regular file. */
    public InputStream read(String path, long offset, long length) throws InterruptedException {
        FieldWriter request = request(path).number(Tag.OFFSET, offset).number(Tag.LIMIT, length);
        return limited(streaming(Op.READ, request), length);
    }

    /** @throws Failure {@code LIMIT_EXCEEDED} for more than 16 MiB: {@link #read(String)} those */
    public String readText(String path) throws InterruptedException {
        try (InputStream in = read(path)) {
            byte[] content = in.readNBytes(TEXT_BYTES_MAX + 1);
            if (content.length > TEXT_BYTES_MAX) {
                throw new Failure(
                        ErrorCode.LIMIT_EXCEEDED,
                        FieldsText.shown(path) + " has more than " + TEXT_BYTES_MAX + " bytes",
                        "read it piece by piece");
            }
            return new String(content, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How a file is written. */
    public enum Mode {
        /** Created or emptied, parents made. */
        REPLACE(1 | 2 | PARENTS),
        /** Created or extended, parents made. */
        APPEND(1 | 16 | PARENTS),
        /** Refused when it exists. */
        CREATE(1 | EXCLUSIVE | PARENTS),
        /** Readers see the old content or the new one, never half. */
        ATOMIC(1 | 2 | PARENTS | 32);

        private final int flags;

        Mode(int flags) {
            this.flags = flags;
        }
    }

    /** The writer must be closed or cancelled; the file is whole once {@link Upload#finish} has returned. */
    public Upload write(String path, Mode how, int permissions) throws InterruptedException {
        FieldWriter request = request(path).number(Tag.FLAGS, how.flags).number(Tag.MODE, permissions);
        return new Upload(connection, streaming(Op.WRITE, request));
    }

    public void write(String path, byte[] content, int permissions) throws InterruptedException {
        try (Upload upload = write(path, Mode.REPLACE, permissions)) {
            upload.output().write(content);
            upload.finish();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public void makeFolder(String path, int permissions) throws InterruptedException {
        connection.call(Op.MKDIR, request(path).number(Tag.MODE, permissions).number(Tag.FLAGS, PARENTS));
    }

    /** A named pipe; whoever opens it for reading waits until it is opened for writing. */
    public void makeFifo(String path, int permissions) throws InterruptedException {
        connection.call(Op.MAKE_FIFO, request(path).number(Tag.MODE, permissions));
    }

    public void move(String from, String to, boolean replace) throws InterruptedException {
        connection.call(
                Op.MOVE, request(from).text(Tag.TARGET, checked(to)).number(Tag.FLAGS, replace ? 0 : EXCLUSIVE));
    }

    public void remove(String path, boolean recursive) throws InterruptedException {
        connection
                .open(Op.REMOVE, request(path).number(Tag.FLAGS, recursive ? RECURSIVE : 0))
                .awaitEnd(ANSWER_BOUND);
    }

    public void permissions(String path, int mode) throws InterruptedException {
        connection.call(Op.CHMOD, request(path).number(Tag.MODE, mode));
    }

    public void owner(String path, int uid, int gid) throws InterruptedException {
        connection.call(
                Op.CHOWN,
                request(path).number(Tag.UID, uid).number(Tag.GID, gid).number(Tag.FLAGS, FOLLOW));
    }

    public void link(String path, String target) throws InterruptedException {
        connection.call(Op.SYMLINK, request(path).text(Tag.TARGET, target));
    }

    /** @param name begins with {@code user.} */
    public byte[] attribute(String path, String name) throws InterruptedException {
        return connection
                .call(Op.XATTR, request(path).number(Tag.KIND, 1).text(Tag.NAME, name))
                .bytes(Tag.VALUE)
                .orElse(new byte[0]);
    }

    public void setAttribute(String path, String name, byte[] value) throws InterruptedException {
        connection.call(
                Op.XATTR, request(path).number(Tag.KIND, 2).text(Tag.NAME, name).bytes(Tag.VALUE, value));
    }

    public List<String> attributes(String path) throws InterruptedException {
        try {
            return connection.call(Op.XATTR, request(path).number(Tag.KIND, 3)).texts(Tag.NAME);
        } catch (ProtocolViolation e) {
            throw connection.broken(e);
        }
    }

    public void removeAttribute(String path, String name) throws InterruptedException {
        connection.call(Op.XATTR, request(path).number(Tag.KIND, 4).text(Tag.NAME, name));
    }

    /**
     * A folder or file as a pax archive, names relative to it. The archive is the tenant's word: extract it with care.
     */
    public InputStream archive(String path, long bytesMax) throws InterruptedException {
        FieldWriter request = request(path).number(Tag.LIMIT, bytesMax);
        return limited(streaming(Op.TAR_OUT, request), bytesMax);
    }

    /** Unpacks an archive below a folder. */
    public Upload extract(String path, long bytesMax, long entriesMax) throws InterruptedException {
        FieldWriter request = request(path).number(Tag.LIMIT, bytesMax).number(Tag.COUNT, entriesMax);
        return new Upload(connection, streaming(Op.TAR_IN, request));
    }

    /**
     * As {@link #extract}, but does not wait for the guest to accept it. What is asked for on this connection after
     * {@link Upload#end} finds everything in place; whether all went well is known from {@link Upload#finish}.
     */
    public Upload extractAhead(String path, long bytesMax, long entriesMax) throws InterruptedException {
        FieldWriter request = request(path).number(Tag.LIMIT, bytesMax).number(Tag.COUNT, entriesMax);
        return new Upload(connection, connection.open(Op.TAR_IN, request));
    }

    /** Changes below a folder, until it is closed. */
    public Watch watch(String path, boolean recursive) throws InterruptedException {
        return new Watch(streaming(Op.WATCH, request(path).number(Tag.FLAGS, recursive ? RECURSIVE : 0)));
    }

    private GuestChannel streaming(Op op, FieldWriter request) throws InterruptedException {
        GuestChannel channel = connection.open(op, request);
        channel.awaitResponse(ANSWER_BOUND);
        return channel;
    }

    /** The guest was told how many bytes may come; whoever stores them relies on it. */
    private InputStream limited(GuestChannel channel, long bytesMax) {
        try {
            // A negative number is a large one to the guest.
            channel.inbound(1).atMost(bytesMax < 0 ? Long.MAX_VALUE : bytesMax);
            return new GuestInput(channel, 1, true);
        } catch (ProtocolViolation e) {
            throw connection.broken(e);
        }
    }

    private FieldWriter request(String path) {
        FieldWriter fields = new FieldWriter().text(Tag.PATH, checked(path));
        user.ifPresent(name -> fields.text(Tag.USER, name));
        return fields;
    }

    private static String checked(String path) {
        if (!path.startsWith("/")) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "'" + path + "' is not an absolute path", "start it with '/'");
        }
        if (FieldsText.encode(path).length > PATH_BYTES_MAX) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "a path of more than " + PATH_BYTES_MAX + " bytes");
        }
        return path;
    }

    private FileInfo info(String path, Fields fields) {
        try {
            return FileInfo.of(path, fields);
        } catch (ProtocolViolation e) {
            throw connection.broken(e);
        }
    }
}

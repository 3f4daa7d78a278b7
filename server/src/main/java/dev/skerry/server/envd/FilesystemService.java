package dev.skerry.server.envd;

import dev.skerry.server.connect.Code;
import dev.skerry.server.connect.ConnectServer;
import dev.skerry.server.connect.Message;
import dev.skerry.server.connect.RpcError;
import dev.skerry.server.connect.Schema;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.FileInfo;
import dev.skerry.wire.stream.GuestFiles;
import dev.skerry.wire.stream.Listing;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The calls of {@code filesystem.Filesystem} that have one answer. */
final class FilesystemService {
    private static final int DEPTH_MAX = 64;
    private static final int ENTRIES_MAX = 20_000;
    private static final int FEW_ENTRIES = 1_000;

    /** What a long listing takes, from what guestd says to the answer's last byte. */
    private static final long LISTING_BYTES = 64L << 20;

    /** Of that many entries of one listing, more than their own facts are told. */
    private static final int DETAILED_MAX = 2_000;

    private static final int FOLDER_MODE = 0755;

    private final Schema schema;

    FilesystemService(Schema schema) {
        this.schema = schema;
    }

    void addTo(ConnectServer.Builder<Caller> server) {
        server.unary(schema, "/filesystem.Filesystem/Stat", Caller.orAsRoot(this::stat))
                .unary(schema, "/filesystem.Filesystem/MakeDir", Caller.orAsRoot(this::makeFolder))
                .unary(schema, "/filesystem.Filesystem/Move", Caller.orAsRoot(this::move))
                .unary(schema, "/filesystem.Filesystem/ListDir", Caller.orAsRoot(this::list))
                .unary(schema, "/filesystem.Filesystem/Remove", Caller.orAsRoot(this::remove));
    }

    private Message stat(Caller caller, Message request) throws InterruptedException {
        Account account = caller.account();
        return entry(caller, account, account.resolve(request.text("path")), "StatResponse");
    }

    private Message entry(Caller caller, Account account, String path, String answer) throws InterruptedException {
        GuestFiles files = caller.files(account);
        try {
            Message entry = new FileEntries(schema, caller.session().accounts(), files).at(path);
            return schema.message(answer).set("entry", entry).build();
        } catch (Failure e) {
            throw e.code() == ErrorCode.NOT_FOUND ? missing("file", path) : e;
        }
    }

    static RpcError missing(String what, String path) {
        return new RpcError(Code.NOT_FOUND, what + " not found: " + path);
    }

    private Message makeFolder(Caller caller, Message request) throws InterruptedException {
        Account account = caller.account();
        String path = account.resolve(request.text("path"));
        GuestFiles files = caller.files(account);
        try {
            FileInfo there = files.stat(path);
            throw there.type() == FileInfo.Type.DIRECTORY
                    ? new RpcError(Code.ALREADY_EXISTS, "directory already exists: " + path)
                    : new RpcError(Code.INVALID_ARGUMENT, "path already exists but it is not a directory: " + path);
        } catch (Failure e) {
            if (e.code() != ErrorCode.NOT_FOUND) {
                throw e;
            }
        }
        make(caller, account, path);
        return entry(caller, account, path, "MakeDirResponse");
    }

    private Message move(Caller caller, Message request) throws InterruptedException {
        Account account = caller.account();
        String source = account.resolve(request.text("source"));
        String destination = account.resolve(request.text("destination"));
        GuestFiles files = caller.files(account);
        try {
            files.linkStat(source);
        } catch (Failure e) {
            throw e.code() == ErrorCode.NOT_FOUND ? missing("source file", source) : e;
        }
        String parent = Account.parent(destination);
        if (!files.exists(parent)) {
            make(caller, account, parent);
        }
        files.move(source, destination, true);
        return entry(caller, account, destination, "MoveResponse");
    }

    private static void make(Caller caller, Account account, String path) throws InterruptedException {
        if (caller.asRoot()) {
            OwnedFolders.make(caller.files(account), path, account);
        } else {
            caller.files(account).makeFolder(path, FOLDER_MODE);
        }
    }

    private Message remove(Caller caller, Message request) throws InterruptedException {
        Account account = caller.account();
        try {
            caller.files(account).remove(account.resolve(request.text("path")), true);
        } catch (Failure e) {
            if (e.code() != ErrorCode.NOT_FOUND) {
                throw e;
            }
        }
        return schema.message("RemoveResponse").build();
    }

    private Message list(Caller caller, Message request) throws InterruptedException {
        Account account = caller.account();
        String path = account.resolve(request.text("path"));
        long depth = Math.clamp(request.number("depth"), 1, DEPTH_MAX);
        GuestFiles files = caller.files(account);
        checkFolder(files, path);
        Listing listing = caller.session().listing(() -> listing(caller, files, path, (int) depth));
        // A subfolder that may not be read counts as left out, too, and is no reason to tell nothing.
        if (listing.truncated() && (depth == 1 || listing.entries().size() >= ENTRIES_MAX)) {
            throw new RpcError(
                    Code.RESOURCE_EXHAUSTED,
                    "more than " + ENTRIES_MAX + " entries below " + path
                            + "; list with a smaller depth, or a subfolder");
        }
        List<FileInfo> entries = new ArrayList<>(listing.entries());
        entries.sort(Comparator.comparing(entry -> entry.path().replace('/', '\0')));
        FileEntries described = new FileEntries(schema, caller.session().accounts(), files);
        Message.Builder answer = schema.message("ListDirResponse");
        for (FileInfo entry : entries) {
            String full = (path.endsWith("/") ? path : path + "/") + entry.path();
            answer.add(
                    "entries",
                    entries.size() <= DETAILED_MAX
                            ? described.of(full, entry)
                            : described.plain(full, entry).build());
        }
        return answer.build();
    }

    /** Most folders have few entries, and need no room that others may want. */
    private static Listing listing(Caller caller, GuestFiles files, String path, int depth)
            throws InterruptedException {
        // With the dot the kernel follows a link to the folder.
        String folder = path + "/.";
        Listing few = files.list(folder, depth, FEW_ENTRIES);
        if (!few.truncated()) {
            return few;
        }
        caller.call().exchange().hold(LISTING_BYTES);
        return files.list(folder, depth, ENTRIES_MAX);
    }

    /** @throws RpcError when it is none */
    static void checkFolder(GuestFiles files, String path) throws InterruptedException {
        FileInfo info;
        try {
            info = files.stat(path);
        } catch (Failure e) {
            throw e.code() == ErrorCode.NOT_FOUND ? missing("path", path) : e;
        }
        if (info.type() != FileInfo.Type.DIRECTORY) {
            throw new RpcError(Code.INVALID_ARGUMENT, "path is not a directory: " + path);
        }
    }
}

package dev.skerry.server.envd;

import dev.skerry.server.connect.Message;
import dev.skerry.server.connect.Schema;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.FileInfo;
import dev.skerry.wire.stream.GuestFiles;
import java.util.Map;
import java.util.Optional;

/** Describes files as clients expect it: a link by what it leads to, owners by their names. */
final class FileEntries {
    private static final int LINKS_MAX = 40;
    private static final int SYMLINK = 3;

    private final Schema schema;
    private final Accounts accounts;
    private final GuestFiles files;

    FileEntries(Schema schema, Accounts accounts, GuestFiles files) {
        this.schema = schema;
        this.accounts = accounts;
        this.files = files;
    }

    /**
     * Of a file, or of a link itself.
     *
     * @throws Failure {@code NOT_FOUND}
     */
    Message at(String path) throws InterruptedException {
        return of(path, files.linkStat(path));
    }

    Optional<Message> atIfThere(String path) throws InterruptedException {
        try {
            return Optional.of(at(path));
        } catch (Failure e) {
            if (e.code() == ErrorCode.SANDBOX_GONE) {
                throw e;
            }
            return Optional.empty();
        }
    }

    Message of(String path, FileInfo info) throws InterruptedException {
        Message.Builder entry = plain(path, info);
        if (info.type() == FileInfo.Type.SYMLINK) {
            follow(path, info, entry);
        } else if (info.type() == FileInfo.Type.FILE) {
            for (Map.Entry<String, String> one : FileMetadata.read(files, path).entrySet()) {
                entry.put("metadata", one.getKey(), one.getValue());
            }
        }
        return entry.build();
    }

    /** Without another question about this file: links are not followed, metadata is left out. */
    Message.Builder plain(String path, FileInfo info) throws InterruptedException {
        return schema.message("EntryInfo")
                .set("name", Account.baseName(path))
                .set("type", type(info))
                .set("path", path)
                .set("size", info.size())
                .set("mode", info.mode() & 0777)
                .set("permissions", permissions(info))
                .set("owner", accounts.userName(info.uid()))
                .set("group", accounts.groupName(info.gid()))
                .set("modified_time", info.modified());
    }

    private void follow(String path, FileInfo link, Message.Builder entry) throws InterruptedException {
        entry.set("is_symlink", true);
        String target = path;
        try {
            FileInfo reached = files.stat(path);
            target = target(path, link);
            entry.set("type", type(reached)).set("mode", reached.mode() & 0777);
        } catch (Failure e) {
            if (e.code() == ErrorCode.SANDBOX_GONE) {
                throw e;
            }
            // Leads nowhere: clients are told its own path then, and that it is a link.
            entry.set("type", SYMLINK);
        }
        entry.set("symlink_target", target);
    }

    /** What the last part of a path leads to; links in the middle of a target stay. */
    private String target(String path, FileInfo link) throws InterruptedException {
        String at = path;
        FileInfo info = link;
        for (int i = 0; i < LINKS_MAX && info.type() == FileInfo.Type.SYMLINK; i++) {
            String target = info.target().orElse("");
            at = Account.normal(target.startsWith("/") ? target : Account.parent(at) + "/" + target);
            info = files.linkStat(at);
        }
        return at;
    }

    private static int type(FileInfo info) {
        return switch (info.type()) {
            case FILE -> 1;
            case DIRECTORY -> 2;
            case SYMLINK -> SYMLINK;
            case OTHER -> 0;
        };
    }

    /** As Go writes a mode: letters for what is special, then three groups of three. */
    private static String permissions(FileInfo info) {
        StringBuilder text = new StringBuilder();
        switch (info.type()) {
            case DIRECTORY -> text.append('d');
            case SYMLINK -> text.append('L');
            case OTHER -> text.append('?');
            case FILE -> {}
        }
        int mode = info.mode();
        text.append((mode & 04000) == 0 ? "" : "u");
        text.append((mode & 02000) == 0 ? "" : "g");
        text.append((mode & 01000) == 0 ? "" : "t");
        if (text.isEmpty()) {
            text.append('-');
        }
        for (int bit = 8; bit >= 0; bit--) {
            text.append((mode >> bit & 1) == 0 ? '-' : "xwr".charAt(bit % 3));
        }
        return text.toString();
    }
}

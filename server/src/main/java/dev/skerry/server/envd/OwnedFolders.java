package dev.skerry.server.envd;

import dev.skerry.wire.stream.GuestFiles;
import java.util.ArrayDeque;
import java.util.Deque;

/** Folders that root makes for somebody else. */
final class OwnedFolders {
    private static final int MODE = 0755;

    private OwnedFolders() {}

    /** Makes what is missing of a path, and gives that to its user. */
    static void make(GuestFiles root, String path, Account owner) throws InterruptedException {
        Deque<String> missing = new ArrayDeque<>();
        String at = Account.normal(path);
        while (!at.equals("/") && !root.exists(at)) {
            missing.push(at);
            at = Account.parent(at);
        }
        for (String folder : missing) {
            root.makeFolder(folder, MODE);
            root.owner(folder, owner.uid(), owner.gid());
        }
    }
}

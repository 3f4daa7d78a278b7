package dev.skerry.host.templates;

/** What statx(2) says of one file, links not followed. Size in bytes, time in seconds since 1970. */
record FileStat(
        int mode, int uid, int gid, long size, int rdevMajor, int rdevMinor, long inode, long device, long mtime) {
    private static final int TYPE_MASK = 0170000;
    private static final int SET_ID = 06000;

    boolean isDirectory() {
        return (mode & TYPE_MASK) == 0040000;
    }

    boolean isFile() {
        return (mode & TYPE_MASK) == 0100000;
    }

    boolean isSymlink() {
        return (mode & TYPE_MASK) == 0120000;
    }

    /**
     * Overlayfs' mark for "deleted here": Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories".
     */
    boolean isWhiteout() {
        return (mode & TYPE_MASK) == 0020000 && rdevMajor == 0 && rdevMinor == 0;
    }

    boolean hasSetId() {
        return (mode & SET_ID) != 0;
    }

    int permissions() {
        return mode & 07777;
    }

    /** Whether everybody may do what the bits say: 4 read, 2 write, 1 execute or search. */
    boolean othersMay(int bits) {
        return (mode & bits) == bits;
    }
}

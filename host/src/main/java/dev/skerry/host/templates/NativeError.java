package dev.skerry.host.templates;

import java.io.IOException;

/** A system call that failed: errno(3) and what was tried. */
final class NativeError extends IOException {
    private static final long serialVersionUID = 1L;

    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int ESRCH = 3;
    static final int EXDEV = 18;
    static final int ENOTDIR = 20;
    static final int EEXIST = 17;
    static final int EAGAIN = 11;
    static final int EINVAL = 22;
    static final int ENOTTY = 25;
    static final int ENOSPC = 28;
    static final int EMLINK = 31;
    static final int ELOOP = 40;
    static final int ENODATA = 61;
    static final int EOPNOTSUPP = 95;
    static final int EDQUOT = 122;

    private final int errno;

    NativeError(String call, String subject, int errno) {
        super(call + " '" + subject + "': " + words(errno));
        this.errno = errno;
    }

    int errno() {
        return errno;
    }

    boolean noSpace() {
        return errno == ENOSPC || errno == EDQUOT;
    }

    private static String words(int errno) {
        return switch (errno) {
            case EPERM -> "operation not permitted (root is needed)";
            case ENOENT -> "no such file or folder";
            case EXDEV -> "on another file system";
            case ENOTDIR -> "not a folder";
            case EEXIST -> "exists already";
            case ENOSPC, EDQUOT -> "no space left";
            case EMLINK -> "too many hard links";
            case ELOOP -> "a symbolic link is in the way";
            default -> "errno " + errno;
        };
    }
}

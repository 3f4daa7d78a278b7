package dev.skerry.host.seccomp;

/**
 * What becomes of a system call.
 *
 * @param errno 0: it is made; else it fails with this number (errno(3); the same on both architectures for those used
 *     here)
 */
public record Ruling(int errno) {
    public static final Ruling ALLOW = new Ruling(0);
    /** Known and refused. */
    public static final Ruling EPERM = new Ruling(1);
    /** Not offered: libraries fall back to an older call. */
    public static final Ruling ENOSYS = new Ruling(38);

    /** seccomp_data's answer: SECCOMP_RET_ALLOW, or SECCOMP_RET_ERRNO with the number (seccomp(2)). */
    int filterResult() {
        return errno == 0 ? 0x7fff0000 : 0x00050000 | errno;
    }
}

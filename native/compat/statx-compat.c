/* Preloaded inside sandboxes of old gVisor releases, whose statx(2) refuses AT_NO_AUTOMOUNT, a flag that coreutils
 * always sets: without this `ls` and `stat` fail there. The flag has no effect in a sandbox, which has no automounts.
 * Static programs are not reached. */
#define AT_NO_AUTOMOUNT 0x800

#if defined(__x86_64__)
#define SYS_STATX 332L
#elif defined(__aarch64__)
#define SYS_STATX 291L
#endif

extern long syscall(long number, ...); /* libc's, which sets errno */

int statx(int folder, const char *path, int flags, unsigned mask, void *out);
int statx(int folder, const char *path, int flags, unsigned mask, void *out) {
    return (int)syscall(SYS_STATX, (long)folder, path, (long)(flags & ~AT_NO_AUTOMOUNT), (long)mask, out);
}

package dev.skerry.host.templates;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The system calls that the JDK has no words for: folders held open, nothing followed, owners, device nodes, trusted
 * attributes, flock.
 *
 * <p>File names are strings of one character per byte (ISO 8859-1), because names on Linux are bytes and an image may
 * hold any of them. Calls that may fail return the negative errno instead of throwing where callers branch on it; the
 * others throw {@link NativeError}. Linux, 64 bit; sources: the man pages of section 2 of the same names.
 */
@SuppressWarnings("restricted")
final class Libc {
    static final int AT_FDCWD = -100;
    static final int AT_REMOVEDIR = 0x200;
    static final int LOCK_SHARED = 1;
    static final int LOCK_EXCLUSIVE = 2;
    private static final int LOCK_NONBLOCK = 4;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_BASIC = 0x7ff;
    private static final int S_IFCHR = 0020000;

    static final int O_WRONLY = 1;
    static final int O_RDWR = 2;
    static final int O_CREAT = 0100;
    static final int O_EXCL = 0200;
    static final int O_CLOEXEC = 02000000;
    static final int O_PATH = 010000000;

    /** O_DIRECTORY and O_NOFOLLOW have other numbers on arm64 than on x86-64 (arch/arm64/include/uapi/asm/fcntl.h). */
    private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");

    static final int O_DIRECTORY = ARM ? 040000 : 0200000;
    static final int O_NOFOLLOW = ARM ? 0100000 : 0400000;

    /** FICLONE of ioctl_ficlonerange(2): share the blocks of another file. */
    private static final long FICLONE = 0x40049409L;
    /** System calls this new have the same number on every architecture. */
    private static final long SYS_OPENAT2 = 437;

    private static final long SYS_PIDFD_OPEN = 434;
    private static final long SYS_PIDFD_SEND_SIGNAL = 424;
    /** RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH. */
    private static final long RESOLVE_STRICT = 0x02 | 0x04 | 0x08;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO_CAPTURE = Linker.Option.captureCallState("errno");
    private static final VarHandle ERRNO =
            Linker.Option.captureStateLayout().varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle OPENAT = handle("openat", 3, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle SYSCALL =
            handle("syscall", 1, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG);
    private static final MethodHandle CLOSE = handle("close", -1, JAVA_INT, JAVA_INT);
    private static final MethodHandle WRITE = handle("write", -1, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle FLOCK = handle("flock", -1, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle MKDIRAT = handle("mkdirat", -1, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle MKNODAT = handle("mknodat", -1, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG);
    private static final MethodHandle SYMLINKAT = handle("symlinkat", -1, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS);
    private static final MethodHandle LINKAT =
            handle("linkat", -1, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle UNLINKAT = handle("unlinkat", -1, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle READLINKAT =
            handle("readlinkat", -1, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG);
    private static final MethodHandle FCHOWNAT =
            handle("fchownat", -1, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle FCHMODAT =
            handle("fchmodat", -1, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle STATX =
            handle("statx", -1, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle UTIMENSAT =
            handle("utimensat", -1, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
    private static final MethodHandle FTRUNCATE = handle("ftruncate", -1, JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle LSEEK = handle("lseek", -1, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle LGETXATTR =
            handle("lgetxattr", -1, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG);
    private static final MethodHandle LSETXATTR =
            handle("lsetxattr", -1, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle IOCTL = handle("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle SYNCFS = handle("syncfs", -1, JAVA_INT, JAVA_INT);
    private static final MethodHandle GETEUID =
            LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("geteuid"), FunctionDescriptor.of(JAVA_INT));

    private Libc() {}

    private static MethodHandle handle(String name, int variadicFrom, MemoryLayout result, MemoryLayout... parameters) {
        var descriptor = FunctionDescriptor.of(result, parameters);
        var function = LINKER.defaultLookup().findOrThrow(name);
        return variadicFrom < 0
                ? LINKER.downcallHandle(function, descriptor, ERRNO_CAPTURE)
                : LINKER.downcallHandle(
                        function, descriptor, ERRNO_CAPTURE, Linker.Option.firstVariadicArg(variadicFrom));
    }

    /** A call in progress: its memory, and the errno it left. */
    private record Call(Arena arena, MemorySegment state) implements AutoCloseable {
        @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as the call, which the caller closes
        static Call begin() {
            var arena = Arena.ofConfined();
            return new Call(arena, arena.allocate(Linker.Option.captureStateLayout()));
        }

        MemorySegment text(String value) {
            if (value.indexOf('\0') >= 0) {
                throw new IllegalArgumentException("a NUL in a file name");
            }
            return arena.allocateFrom(value, StandardCharsets.ISO_8859_1);
        }

        long result(long returned) {
            return returned >= 0 ? returned : -(int) ERRNO.get(state, 0L);
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    private static IllegalStateException broken(Throwable cause) {
        return new IllegalStateException("a call into the C library could not be made", cause);
    }

    static int effectiveUid() {
        try {
            return (int) GETEUID.invokeExact();
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /** A descriptor, or the negative errno. */
    static int openAt(int folder, String path, int flags, int mode) {
        try (var call = Call.begin()) {
            return (int)
                    call.result((int) OPENAT.invokeExact(call.state, folder, call.text(path), flags | O_CLOEXEC, mode));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /**
     * As {@link #openAt}, but no symbolic link anywhere on the way is followed and the path cannot leave the folder
     * (openat2(2)).
     */
    static int openBeneath(int folder, String path, int flags) {
        try (var call = Call.begin()) {
            var how = call.arena.allocate(24, 8);
            how.set(JAVA_LONG, 0, flags | O_CLOEXEC);
            how.set(JAVA_LONG, 16, RESOLVE_STRICT);
            return (int) call.result(
                    (long) SYSCALL.invokeExact(call.state, SYS_OPENAT2, (long) folder, call.text(path), how, 24L));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /** A descriptor of a process: pidfd_open(2). */
    static int openProcess(long pid) {
        return process(SYS_PIDFD_OPEN, pid, 0);
    }

    /** pidfd_send_signal(2). */
    static int signal(int process, int signal) {
        return process(SYS_PIDFD_SEND_SIGNAL, process, signal);
    }

    private static int process(long number, long first, long second) {
        try (var call = Call.begin()) {
            var none = MemorySegment.NULL;
            return (int) call.result(
                    (long) SYSCALL.invokeExact(call.state, number, first, MemorySegment.ofAddress(second), none, 0L));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static void close(int descriptor) {
        try (var call = Call.begin()) {
            int ignored = (int) CLOSE.invokeExact(call.state, descriptor);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /** Bytes written, or the negative errno. */
    static long write(int descriptor, MemorySegment bytes, long length) {
        try (var call = Call.begin()) {
            return call.result((long) WRITE.invokeExact(call.state, descriptor, bytes, length));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int seekTo(int descriptor, long offset) {
        try (var call = Call.begin()) {
            return (int) Math.min(0, call.result((long) LSEEK.invokeExact(call.state, descriptor, offset, 0)));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int truncate(int descriptor, long size) {
        try (var call = Call.begin()) {
            return (int) call.result((int) FTRUNCATE.invokeExact(call.state, descriptor, size));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /** Takes the lock of flock(2) without waiting; 0, or the negative errno (EAGAIN: somebody has it). */
    static int tryLock(int descriptor, int kind) {
        try (var call = Call.begin()) {
            return (int) call.result((int) FLOCK.invokeExact(call.state, descriptor, kind | LOCK_NONBLOCK));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int makeFolder(int folder, String name, int mode) {
        try (var call = Call.begin()) {
            return (int) call.result((int) MKDIRAT.invokeExact(call.state, folder, call.text(name), mode));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int makeWhiteout(int folder, String name) {
        try (var call = Call.begin()) {
            return (int) call.result((int) MKNODAT.invokeExact(call.state, folder, call.text(name), S_IFCHR, 0L));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int symlink(String target, int folder, String name) {
        try (var call = Call.begin()) {
            return (int)
                    call.result((int) SYMLINKAT.invokeExact(call.state, call.text(target), folder, call.text(name)));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /** A hard link; a symbolic link is linked itself, not its target. */
    static int link(int fromFolder, String from, int toFolder, String to) {
        try (var call = Call.begin()) {
            return (int) call.result(
                    (int) LINKAT.invokeExact(call.state, fromFolder, call.text(from), toFolder, call.text(to), 0));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int unlink(int folder, String name, int flags) {
        try (var call = Call.begin()) {
            return (int) call.result((int) UNLINKAT.invokeExact(call.state, folder, call.text(name), flags));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /** The target of a symbolic link, empty if it is none. */
    static Optional<String> readLink(int folder, String path) {
        try (var call = Call.begin()) {
            var buffer = call.arena.allocate(4096);
            long length = (long) READLINKAT.invokeExact(call.state, folder, call.text(path), buffer, 4096L);
            return length < 0 ? Optional.empty() : Optional.of(latin(buffer, length));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    private static String latin(MemorySegment bytes, long length) {
        return new String(bytes.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.ISO_8859_1);
    }

    static int changeOwner(int folder, String name, int uid, int gid) {
        try (var call = Call.begin()) {
            return (int) call.result(
                    (int) FCHOWNAT.invokeExact(call.state, folder, call.text(name), uid, gid, AT_SYMLINK_NOFOLLOW));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /** Follows links (chmod has no other way): only for what was just made here as a file or folder. */
    static int changeMode(int folder, String name, int mode) {
        try (var call = Call.begin()) {
            return (int) call.result((int) FCHMODAT.invokeExact(call.state, folder, call.text(name), mode, 0));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /** Links are not followed; an empty name means the folder itself. */
    static Optional<FileStat> stat(int folder, String name) {
        try (var call = Call.begin()) {
            var buffer = call.arena.allocate(256, 8);
            int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
            int result = (int) STATX.invokeExact(call.state, folder, call.text(name), flags, STATX_BASIC, buffer);
            return result < 0 ? Optional.empty() : Optional.of(decode(buffer));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /** Offsets of struct statx in linux/stat.h, the same on every architecture. */
    private static FileStat decode(MemorySegment statx) {
        long device = ((long) statx.get(JAVA_INT, 0x88) << 32) | Integer.toUnsignedLong(statx.get(JAVA_INT, 0x8c));
        return new FileStat(
                statx.get(ValueLayout.JAVA_SHORT, 0x1c) & 0xffff,
                statx.get(JAVA_INT, 0x14),
                statx.get(JAVA_INT, 0x18),
                statx.get(JAVA_LONG, 0x28),
                statx.get(JAVA_INT, 0x80),
                statx.get(JAVA_INT, 0x84),
                statx.get(JAVA_LONG, 0x20),
                device,
                statx.get(JAVA_LONG, 0x70));
    }

    static int changeTime(int folder, String name, long seconds, long nanos) {
        try (var call = Call.begin()) {
            var times = call.arena.allocate(32, 8);
            for (int i = 0; i < 32; i += 16) {
                times.set(JAVA_LONG, i, seconds);
                times.set(JAVA_LONG, i + 8, nanos);
            }
            return (int) call.result(
                    (int) UTIMENSAT.invokeExact(call.state, folder, call.text(name), times, AT_SYMLINK_NOFOLLOW));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /**
     * The length of an extended attribute, or the negative errno (ENODATA: not there, EOPNOTSUPP: the file system has
     * none).
     */
    static long attributeLength(String path, String name) {
        try (var call = Call.begin()) {
            return call.result(
                    (long) LGETXATTR.invokeExact(call.state, call.text(path), call.text(name), MemorySegment.NULL, 0L));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int setAttribute(String path, String name, byte[] value) {
        try (var call = Call.begin()) {
            var bytes = call.arena.allocate(Math.max(1, value.length));
            MemorySegment.copy(value, 0, bytes, ValueLayout.JAVA_BYTE, 0, value.length);
            return (int) call.result((int)
                    LSETXATTR.invokeExact(call.state, call.text(path), call.text(name), bytes, (long) value.length, 0));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int cloneBlocks(int to, int from) {
        try (var call = Call.begin()) {
            return (int) call.result((int) IOCTL.invokeExact(call.state, to, FICLONE, (long) from));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /**
     * Writes everything of the file system that holds this descriptor to the disk: a rename after it cannot overtake
     * the data.
     */
    static int sync(int descriptor) {
        try (var call = Call.begin()) {
            return (int) call.result((int) SYNCFS.invokeExact(call.state, descriptor));
        } catch (Throwable e) {
            throw broken(e);
        }
    }
}

package dev.skerry.host.disks;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the JDK has no words for: where a sparse file has data (lseek(2), SEEK_DATA) and how many blocks it takes
 * (statx(2)). Linux, 64 bit.
 */
@SuppressWarnings("restricted")
final class DiskCalls {
    private static final int AT_FDCWD = -100;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int O_CLOEXEC = 02000000;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;
    private static final int STATX_BLOCKS = 0x400;
    private static final int STATX_BYTES = 256;
    /** Of stx_blocks in struct statx of linux/stat.h, the same on every architecture; it counts 512 bytes. */
    private static final long BLOCKS_OFFSET = 0x30;

    private static final int BLOCK_BYTES = 512;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle OPEN = variadic("open", 2, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle LSEEK = plain("lseek", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle CLOSE = plain("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle STATX = plain("statx", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS);

    private DiskCalls() {}

    /** A part of a file that is no hole; the end is not included. */
    record Extent(long from, long to) {}

    private static MethodHandle plain(String name, MemoryLayout result, MemoryLayout... parameters) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, parameters));
    }

    private static MethodHandle variadic(String name, int from, MemoryLayout result, MemoryLayout... parameters) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(result, parameters),
                Linker.Option.firstVariadicArg(from));
    }

    private static MemorySegment text(Arena arena, Path path) {
        return arena.allocateFrom(path.toString(), StandardCharsets.UTF_8);
    }

    /** Where a file has data, in order. A file system that knows no holes says: everywhere. */
    static List<Extent> data(Path file) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            int descriptor = (int) OPEN.invokeExact(text(arena, file), O_CLOEXEC);
            if (descriptor < 0) {
                throw new IOException("cannot open " + file);
            }
            try {
                return data(descriptor);
            } finally {
                int ignored = (int) CLOSE.invokeExact(descriptor);
            }
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    private static List<Extent> data(int descriptor) throws Throwable {
        List<Extent> found = new ArrayList<>();
        long at = 0;
        while (true) {
            long from = (long) LSEEK.invokeExact(descriptor, at, SEEK_DATA);
            if (from < 0) {
                return found; // ENXIO: no data behind
            }
            at = (long) LSEEK.invokeExact(descriptor, from, SEEK_HOLE);
            if (at <= from) {
                throw new IOException("no end of the data at " + from);
            }
            found.add(new Extent(from, at));
        }
    }

    /** Bytes that a file takes on its file system; 0 when there is none. */
    static long allocatedBytes(Path file) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment facts = arena.allocate(STATX_BYTES, Long.BYTES);
            int result = (int) STATX.invokeExact(AT_FDCWD, text(arena, file), AT_SYMLINK_NOFOLLOW, STATX_BLOCKS, facts);
            return result < 0 ? 0 : facts.get(JAVA_LONG, BLOCKS_OFFSET) * BLOCK_BYTES;
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    private static IllegalStateException broken(Throwable cause) {
        return new IllegalStateException("a call into the C library could not be made", cause);
    }
}

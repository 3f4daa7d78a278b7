package dev.skerry.cli;

import dev.skerry.host.jobs.JobSandbox.TerminalSize;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The terminal on standard input, in raw mode while this is open: each key goes to the sandbox as it is, Ctrl-C
 * included (termios(3), cfmakeraw(3); ioctl_tty(2) for the size). Closing it puts the terminal back as it was; so does
 * the end of the process.
 */
@SuppressWarnings("restricted") // the launcher allows native access
final class Terminal implements AutoCloseable {
    private static final int STDIN = 0;
    private static final int TCSADRAIN = 1;
    private static final long TIOCGWINSZ = 0x5413;
    /** struct termios is 60 bytes with glibc and musl on x86-64 and arm64; its content is opaque to us. */
    private static final int TERMIOS_BYTES = 256;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle ISATTY =
            function("isatty", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle TCGETATTR = function(
            "tcgetattr", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    private static final MethodHandle TCSETATTR = function(
            "tcsetattr",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    private static final MethodHandle CFMAKERAW = function("cfmakeraw", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));
    private static final MethodHandle IOCTL = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("ioctl"),
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS),
            Linker.Option.firstVariadicArg(2));

    private final Arena arena = Arena.ofShared();
    private final MemorySegment before = arena.allocate(TERMIOS_BYTES);
    private final Thread restore = Thread.ofPlatform().name("restore-terminal").unstarted(this::restore);

    private Terminal() {}

    private static MethodHandle function(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor);
    }

    /**
     * @param hint what to do without one
     * @throws Failure {@code INVALID_REQUEST} when standard input is no terminal
     */
    static Terminal raw(String hint) {
        if (call(() -> (int) ISATTY.invokeExact(STDIN)) != 1) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "standard input is not a terminal", hint);
        }
        var terminal = new Terminal();
        require(call(() -> (int) TCGETATTR.invokeExact(STDIN, terminal.before)), "tcgetattr");
        Runtime.getRuntime().addShutdownHook(terminal.restore);
        MemorySegment raw = terminal.arena.allocate(TERMIOS_BYTES).copyFrom(terminal.before);
        call(() -> {
            CFMAKERAW.invokeExact(raw);
            return 0;
        });
        require(call(() -> (int) TCSETATTR.invokeExact(STDIN, TCSADRAIN, raw)), "tcsetattr");
        return terminal;
    }

    /** As it is now; 24 by 80 when the terminal does not know. */
    TerminalSize size() {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment window = local.allocate(8); // struct winsize: rows, columns, two unused; unsigned short each
            int result = call(() -> (int) IOCTL.invokeExact(STDIN, TIOCGWINSZ, window));
            int rows = Short.toUnsignedInt(window.get(ValueLayout.JAVA_SHORT, 0));
            int columns = Short.toUnsignedInt(window.get(ValueLayout.JAVA_SHORT, 2));
            return result != 0 || rows == 0 || columns == 0
                    ? new TerminalSize(24, 80)
                    : new TerminalSize(rows, columns);
        }
    }

    private void restore() {
        call(() -> (int) TCSETATTR.invokeExact(STDIN, TCSADRAIN, before));
    }

    @Override
    public void close() {
        restore();
        try {
            Runtime.getRuntime().removeShutdownHook(restore);
            arena.close();
        } catch (IllegalStateException e) {
            // The process is ending and the hook restores once more, which does no harm.
        }
    }

    private interface NativeCall {
        int call() throws Throwable;
    }

    /** A downcall handle declares Throwable and throws nothing but our own mistakes. */
    private static int call(NativeCall function) {
        try {
            return function.call();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static void require(int result, String what) {
        if (result != 0) {
            throw new Failure(ErrorCode.INTERNAL, what + " failed on standard input");
        }
    }
}

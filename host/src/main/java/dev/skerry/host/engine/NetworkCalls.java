package dev.skerry.host.engine;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;

/** What the JDK has no words for: a thread that enters another network namespace (setns(2)). Linux. */
@SuppressWarnings("restricted")
final class NetworkCalls {
    private static final int O_CLOEXEC = 02000000;
    private static final int CLONE_NEWNET = 0x40000000;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle OPEN =
            handle("open", new Linker.Option[] {Linker.Option.firstVariadicArg(2)}, ADDRESS, JAVA_INT);
    private static final MethodHandle SETNS = handle("setns", new Linker.Option[0], JAVA_INT, JAVA_INT);
    private static final MethodHandle CLOSE = handle("close", new Linker.Option[0], JAVA_INT);

    private NetworkCalls() {}

    private static MethodHandle handle(String name, Linker.Option[] options, MemoryLayout... parameters) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_INT, parameters), options);
    }

    /** A namespace that is kept by an open descriptor. */
    static final class Namespace implements AutoCloseable {
        private final int descriptor;

        private Namespace(int descriptor) {
            this.descriptor = descriptor;
        }

        /** @param file as {@code /proc/PID/ns/net} */
        static Namespace open(String file) throws IOException {
            try (Arena arena = Arena.ofConfined()) {
                int descriptor = (int) OPEN.invokeExact(arena.allocateFrom(file), O_CLOEXEC);
                if (descriptor < 0) {
                    throw new IOException("cannot open " + file);
                }
                return new Namespace(descriptor);
            } catch (IOException e) {
                throw e;
            } catch (Throwable e) {
                throw broken(e);
            }
        }

        /** From now on the calling thread, which must be a platform thread, makes its sockets in this network. */
        void enter() throws IOException {
            int result;
            try {
                result = (int) SETNS.invokeExact(descriptor, CLONE_NEWNET);
            } catch (Throwable e) {
                throw broken(e);
            }
            if (result != 0) {
                throw new IOException("cannot enter a network namespace");
            }
        }

        @Override
        public void close() {
            try {
                int ignored = (int) CLOSE.invokeExact(descriptor);
            } catch (Throwable e) {
                throw broken(e);
            }
        }
    }

    private static IllegalStateException broken(Throwable cause) {
        return new IllegalStateException("a call into the C library could not be made", cause);
    }
}

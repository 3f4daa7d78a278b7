package dev.skerry.host.templates;

import java.io.IOException;
import java.util.Optional;

/** A process by a descriptor (pidfd_open(2)): while it is open, no later process with the same pid can be hit. */
public final class ProcessHold implements AutoCloseable {
    private static final int SIGKILL = 9;

    private final long pid;
    private final int descriptor;

    private ProcessHold(long pid, int descriptor) {
        this.pid = pid;
        this.descriptor = descriptor;
    }

    /** Empty if there is none. */
    public static Optional<ProcessHold> of(long pid) throws IOException {
        int descriptor = Libc.openProcess(pid);
        if (descriptor == -NativeError.ESRCH) {
            return Optional.empty();
        }
        return Optional.of(new ProcessHold(pid, Folder.check(descriptor, "open process", Long.toString(pid))));
    }

    /** Also when it is stopped; nothing if it has ended. */
    public void kill() throws IOException {
        int result = Libc.signal(descriptor, SIGKILL);
        if (result != -NativeError.ESRCH) {
            Folder.check(result, "kill process", Long.toString(pid));
        }
    }

    @Override
    public void close() {
        Libc.close(descriptor);
    }
}

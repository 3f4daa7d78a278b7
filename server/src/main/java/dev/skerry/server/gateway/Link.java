package dev.skerry.server.gateway;

import dev.skerry.wire.Failure;
import java.io.IOException;

/** A connection to a program inside. One thread reads, one writes; anybody may close it, which ends both. */
interface Link extends AutoCloseable {
    /**
     * Blocks for at least one byte; -1 at the end.
     *
     * @throws Failure {@code SANDBOX_GONE}; another when the program has broken the connection
     */
    int read(byte[] into, int offset, int length) throws IOException;

    /** Blocks until all of it is on its way. */
    void write(byte[] bytes, int offset, int length) throws IOException;

    /** Says that nothing more is written. */
    void endOutput() throws IOException;

    /** Whether something can be read without waiting; an end or a failure can. */
    boolean readable();

    /** Whether the program has ended it, or said something, as far as is known without asking. */
    boolean stale();

    @Override
    void close();
}

package dev.skerry.cli;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A server that has been started in this process, as {@code skerry serve} sees it, or a fake of it in tests. */
interface RunningServer extends AutoCloseable {
    /** What clients must know. */
    Facts facts();

    /** Whether an API key is valid. */
    boolean accepts(String key);

    /**
     * Makes an API key.
     *
     * @param name for whoever lists the keys
     * @return its text, which nobody gets to see again
     */
    String mintKey(String name);

    /** What whoever started it should know beyond that: what does not work on this machine, and the remedy. */
    List<String> lines();

    /**
     * Takes no new requests and lets those under way come to their end, within the time that the settings allow;
     * sandboxes go on. Then {@link #awaitEnd} returns. Idempotent, and callable from any thread.
     */
    void drain() throws InterruptedException;

    /**
     * Returns when it has been drained.
     *
     * @throws dev.skerry.wire.Failure when it ended by itself
     */
    void awaitEnd() throws InterruptedException;

    /** Breaks what is still open; sandboxes go on. */
    @Override
    void close();

    /**
     * How clients reach it.
     *
     * @param api origin of the API without TLS
     * @param piston origin of Piston's API alone, if it has one
     * @param domain below which sandboxes have their names, with the port
     * @param authority certificate of its own authority (PEM), for clients that add to what they trust
     * @param authorities that and the system's, for clients that are told all they trust
     */
    record Facts(URI api, Optional<URI> piston, String domain, Path authority, Path authorities) {}
}

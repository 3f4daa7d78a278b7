package dev.skerry.server.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import org.eclipse.jetty.util.BufferUtil;

/**
 * Looks whether a client that waits for its answer over HTTP/1.1 has closed its connection, which nothing but reading
 * tells. What is read instead is kept for whoever reads next. Thread-safe.
 */
final class Leaving {
    /** Of what a client sends before it has its answer; who sends more is not looked at any more. */
    static final int BYTES_MAX = 16 << 10;

    private final SocketChannel socket;
    private Optional<Runnable> action = Optional.empty();
    private ByteBuffer kept = BufferUtil.EMPTY_BUFFER;

    /** Whether anything was ever kept; what is not is read without a lock. */
    private volatile boolean used;

    Leaving(SocketChannel socket) {
        this.socket = socket;
    }

    /** @param told at once, on a thread that must not be held up, when the client has closed or reset its connection */
    synchronized void await(Runnable told) {
        action = Optional.of(told);
        used = true;
    }

    /** It does not matter any more. */
    synchronized void forget() {
        action = Optional.empty();
    }

    /**
     * Something has come that nobody reads.
     *
     * @return whether to go on listening
     */
    synchronized boolean look() {
        if (action.isEmpty()) {
            return false;
        }
        try {
            ByteBuffer room = room();
            int count = room.hasRemaining() ? socket.read(room) : 0;
            if (count >= 0) {
                return room.hasRemaining();
            }
        } catch (IOException e) {
            // It was reset.
        }
        action.get().run();
        action = Optional.empty();
        return false;
    }

    /** In the state in which it is filled. */
    private ByteBuffer room() {
        if (kept.capacity() == 0) {
            kept = ByteBuffer.allocate(BYTES_MAX);
        }
        return kept;
    }

    /** Whether there is something to {@link #take}. */
    boolean holds() {
        if (!used) {
            return false;
        }
        synchronized (this) {
            return kept.position() > 0;
        }
    }

    /** Moves what is kept to a buffer that is filled; returns how much. */
    synchronized int take(ByteBuffer into) {
        kept.flip();
        int count = BufferUtil.put(kept, into);
        if (kept.hasRemaining()) {
            kept.compact();
        } else {
            kept = BufferUtil.EMPTY_BUFFER;
        }
        return count;
    }
}

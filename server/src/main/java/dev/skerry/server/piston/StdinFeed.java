package dev.skerry.server.piston;

import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * What a client types, on its way to a program that may not have begun yet, or does not read: so much is kept, then
 * whoever brings more waits. Thread-safe.
 */
final class StdinFeed implements AutoCloseable {
    static final int BYTES_MAX = 256 << 10;

    private final Deque<byte[]> waiting = new ArrayDeque<>();
    private int bytes;
    private boolean ended;
    private boolean closed;

    /** Waits while there is too much; what comes after the end is dropped. */
    synchronized void put(byte[] typed) throws InterruptedException {
        while (bytes >= BYTES_MAX && !closed) {
            wait();
        }
        if (ended || closed) {
            return;
        }
        waiting.add(typed);
        bytes += typed.length;
        notifyAll();
    }

    /** No more comes: the program reads its end of file. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    /** Nobody reads any more. */
    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }

    private synchronized Optional<byte[]> next() throws InterruptedException {
        while (waiting.isEmpty() && !ended && !closed) {
            wait();
        }
        if (closed) {
            return Optional.empty();
        }
        Optional<byte[]> next = Optional.ofNullable(waiting.poll());
        next.ifPresent(typed -> {
            bytes -= typed.length;
            notifyAll();
        });
        return next;
    }

    /** Brings it to a program, until either has ended. */
    void pour(OutputStream stdin) {
        try (stdin) {
            for (Optional<byte[]> next = next(); next.isPresent(); next = next()) {
                stdin.write(next.get());
                stdin.flush();
            }
        } catch (IOException | Failure e) {
            // The program reads no more, which is its own business.
            close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package dev.skerry.server.gateway;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.GuestConnection;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.util.thread.Invocable;
import org.jspecify.annotations.Nullable;

/**
 * A socket in the sandbox's network. It is watched by a selector of the HTTP server, by the same thread that listens to
 * clients, so that an answer needs no other thread on its way. Whoever waits leaves word for one event; nobody has to
 * be told what nobody waits for, so an event without a waiter makes the link {@linkplain #dormant} until there is one.
 */
final class SocketLink implements Link, Closeable, ManagedSelector.Selectable {
    private static final Duration ALIVE_BOUND = Duration.ofSeconds(5);

    private final SocketChannel socket;
    private final GuestConnection guest;
    private final ManagedSelector selector;
    private final Set<SocketLink> open;
    private final AtomicReference<@Nullable Runnable> reader = new AtomicReference<>();
    private final AtomicReference<@Nullable Runnable> writer = new AtomicReference<>();
    private volatile @Nullable SelectionKey key;

    /** The selector does not look for bytes now. */
    private volatile boolean dormant;

    private SocketLink(SocketChannel socket, GuestConnection guest, ManagedSelector selector, Set<SocketLink> open) {
        this.socket = socket;
        this.guest = guest;
        this.selector = selector;
        this.open = open;
    }

    /**
     * @param socket connected; its owner is the link now
     * @param open where it is listed until it is closed
     */
    static SocketLink of(SocketChannel socket, GuestConnection guest, ManagedSelector selector, Set<SocketLink> open)
            throws IOException {
        SocketLink link = new SocketLink(socket, guest, selector, open);
        socket.configureBlocking(false);
        open.add(link);
        selector.submit(link::register);
        return link;
    }

    private void register(Selector with) {
        try {
            key = socket.register(with, SelectionKey.OP_READ, this);
        } catch (ClosedChannelException e) {
            // Whoever has closed it has told those who wait.
        }
    }

    // What the selector's thread calls.

    @Override
    public @Nullable Runnable onSelected() {
        int ready;
        try {
            SelectionKey known = key;
            ready = known == null ? 0 : known.readyOps();
        } catch (CancelledKeyException e) {
            ready = SelectionKey.OP_READ | SelectionKey.OP_WRITE;
        }
        if ((ready & SelectionKey.OP_WRITE) != 0) {
            run(writer.getAndSet(null));
        }
        if ((ready & SelectionKey.OP_READ) == 0) {
            return null;
        }
        dormant = true; // before looking for the waiter, who looks at it after leaving word
        Runnable waiter = reader.getAndSet(null);
        if (waiter == null) {
            return null;
        }
        dormant = false;
        if (waiter instanceof Invocable) {
            return waiter;
        }
        waiter.run();
        return null;
    }

    @Override
    public void updateKey() {
        SelectionKey known = key;
        if (known != null) {
            try {
                int wanted = (dormant ? 0 : SelectionKey.OP_READ) | (writer.get() == null ? 0 : SelectionKey.OP_WRITE);
                if (known.interestOps() != wanted) {
                    known.interestOps(wanted);
                }
            } catch (CancelledKeyException e) {
                // Closed meanwhile.
            }
        }
    }

    @Override
    public void replaceKey(SelectionKey another) {
        key = another;
    }

    private static void run(@Nullable Runnable waiter) {
        if (waiter != null) {
            waiter.run();
        }
    }

    // What users call.

    /**
     * Runs that once there is something to read, also an end or a failure: an {@link Invocable} as a task of the
     * selector's thread, others at once. Also when the link is closed, by whoever closes it then.
     */
    void whenReadable(Runnable waiter) {
        reader.set(waiter);
        if (!socket.isOpen()) {
            run(reader.getAndSet(null));
        } else if (dormant) {
            dormant = false;
            selector.submit(_ -> updateKey());
        }
    }

    /** Without waiting: 0 when there is nothing, -1 at the end. */
    int readNow(ByteBuffer into) throws IOException {
        return socket.read(into);
    }

    /** Without waiting. */
    void writeNow(ByteBuffer from) throws IOException {
        socket.write(from);
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        ByteBuffer target = ByteBuffer.wrap(into, offset, length);
        try {
            int count = socket.read(target);
            while (count == 0) {
                Thread waiter = Thread.currentThread();
                whenReadable(() -> LockSupport.unpark(waiter));
                park(reader, "reading from");
                count = socket.read(target);
            }
            if (count < 0) {
                checkAlive();
            }
            return count;
        } catch (InterruptedIOException e) {
            throw e;
        } catch (IOException e) {
            throw broken(e);
        }
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer source = ByteBuffer.wrap(bytes, offset, length);
        try {
            while (source.hasRemaining()) {
                if (socket.write(source) == 0) {
                    Thread waiter = Thread.currentThread();
                    writer.set(() -> LockSupport.unpark(waiter));
                    selector.submit(_ -> updateKey());
                    park(writer, "writing to");
                }
            }
        } catch (InterruptedIOException e) {
            throw e;
        } catch (IOException e) {
            throw broken(e);
        }
    }

    /** Until the waiter has been told, or the link is closed, or the thread interrupted. */
    private void park(AtomicReference<@Nullable Runnable> told, String doing) throws IOException {
        while (told.get() != null && socket.isOpen()) {
            LockSupport.park(this);
            if (Thread.currentThread().isInterrupted()) {
                told.set(null);
                throw new InterruptedIOException("interrupted while " + doing + " a sandbox");
            }
        }
    }

    private Failure broken(IOException e) {
        checkAlive();
        return new Failure(ErrorCode.CONFLICT, "the program has broken the connection: " + e.getMessage(), e);
    }

    /**
     * A sandbox's end closes its programs' connections as they do themselves. Half an answer must not look whole, so
     * process 1 has to answer: if it does, the sandbox ran on after the connection's end.
     */
    private void checkAlive() {
        try {
            guest.ping(ALIVE_BOUND);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Failure e) {
            if (e.code() == ErrorCode.SANDBOX_GONE) {
                throw e;
            }
        }
    }

    @Override
    public void endOutput() throws IOException {
        socket.shutdownOutput();
    }

    @Override
    public boolean readable() {
        return dormant;
    }

    @Override
    public boolean stale() {
        if (!socket.isOpen() || guest.closed()) {
            return true;
        }
        if (!dormant) {
            return false;
        }
        // Something came while nobody waited, and may have been read since.
        try {
            if (socket.read(ByteBuffer.allocate(1)) != 0) {
                return true;
            }
        } catch (IOException e) {
            return true;
        }
        dormant = false;
        selector.submit(_ -> updateKey());
        return false;
    }

    /** Whether the stream has ended of the sandbox that it leads to, whose end of it is closed or will be. */
    boolean outlived() {
        return guest.closed();
    }

    @Override
    public void close() {
        open.remove(this);
        try {
            socket.close();
        } catch (IOException e) {
            // The descriptor is closed even then.
        }
        // The selector gives the descriptor back when it looks at its keys.
        selector.submit(_ -> {});
        run(reader.getAndSet(null));
        run(writer.getAndSet(null));
    }
}

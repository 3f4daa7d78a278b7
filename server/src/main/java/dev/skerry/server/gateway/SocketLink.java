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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.util.thread.Invocable;
import org.jspecify.annotations.Nullable;

/**
 * A socket in the sandbox's network. It is watched by a selector of the HTTP server, by the same thread that listens to
 * clients, so that an answer needs no other thread on its way. Whoever waits leaves word for one event; nobody has to
 * be told what nobody waits for, so an event without a waiter makes the selector look no more until there is one.
 */
final class SocketLink implements Link, Closeable {
    private static final Duration ALIVE_BOUND = Duration.ofSeconds(5);

    private final SocketChannel socket;
    private final GuestConnection guest;
    private final Set<SocketLink> open;
    private final ConcurrentMap<ManagedSelector, Seat> seats = new ConcurrentHashMap<>();
    private final AtomicReference<@Nullable Runnable> reader = new AtomicReference<>();
    private final AtomicReference<@Nullable Runnable> writer = new AtomicReference<>();
    private volatile Seat seat;
    private volatile @Nullable Watch watch;

    private SocketLink(SocketChannel socket, GuestConnection guest, ManagedSelector selector, Set<SocketLink> open) {
        this.socket = socket;
        this.guest = guest;
        this.open = open;
        this.seat = seats.computeIfAbsent(selector, Seat::new);
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
        link.seat.look();
        return link;
    }

    /** What one selector knows of the socket. Of several seats one is in use: the others look for nothing. */
    private final class Seat implements ManagedSelector.Selectable, Closeable {
        private final ManagedSelector selector;
        private @Nullable SelectionKey key;

        /** The selector does not look for bytes now. */
        private volatile boolean dormant;

        Seat(ManagedSelector selector) {
            this.selector = selector;
        }

        /** Makes the selector look for what is wanted now. */
        void look() {
            dormant = false;
            selector.submit(this::settle);
        }

        private void settle(Selector with) {
            try {
                if (key == null) {
                    key = socket.register(with, wanted(), this);
                } else {
                    updateKey();
                }
            } catch (ClosedChannelException e) {
                // Whoever has closed it has told those who wait.
            }
        }

        private int wanted() {
            return this == seat
                    ? (dormant ? 0 : SelectionKey.OP_READ) | (writer.get() == null ? 0 : SelectionKey.OP_WRITE)
                    : 0;
        }

        @Override
        public @Nullable Runnable onSelected() {
            if (this != seat) {
                return null;
            }
            int ready;
            try {
                ready = key == null ? 0 : key.readyOps();
            } catch (CancelledKeyException e) {
                ready = SelectionKey.OP_READ | SelectionKey.OP_WRITE;
            }
            if ((ready & SelectionKey.OP_WRITE) != 0) {
                SocketLink.run(writer.getAndSet(null));
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
                    int wanted = wanted();
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

        @Override
        public void close() {
            SocketLink.this.close();
        }
    }

    private static void run(@Nullable Runnable waiter) {
        if (waiter != null) {
            waiter.run();
        }
    }

    boolean isWatchedBy(ManagedSelector selector) {
        return seat.selector.equals(selector);
    }

    /** While nobody uses it: that selector watches it from now on. */
    void watchWith(ManagedSelector selector) {
        Seat last = seat;
        if (!last.selector.equals(selector)) {
            Seat next = seats.computeIfAbsent(selector, Seat::new);
            seat = next;
            last.look();
            next.look();
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
        } else if (seat.dormant) {
            seat.look();
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
                    seat.look();
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
        return seat.dormant;
    }

    @Override
    public boolean stale() {
        if (!socket.isOpen() || guest.closed()) {
            return true;
        }
        if (!seat.dormant) {
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
        seat.look();
        return false;
    }

    /** What is looked at with every {@link #sweep()} from now on. */
    void sweep(Watch next) {
        watch = next;
    }

    /** To be called now and then; closes what should not be open any more. */
    void sweep() {
        if (guest.closed()) {
            close(); // It leads to a sandbox that is over, whose end of it is closed or will be.
        }
        Watch current = watch;
        if (current != null) {
            current.sweep();
        }
    }

    @Override
    public void close() {
        open.remove(this);
        try {
            socket.close();
        } catch (IOException e) {
            // The descriptor is closed even then.
        }
        // Selectors give the descriptor back when they look at their keys.
        seats.keySet().forEach(selector -> selector.submit(_ -> {}));
        run(reader.getAndSet(null));
        run(writer.getAndSet(null));
    }
}

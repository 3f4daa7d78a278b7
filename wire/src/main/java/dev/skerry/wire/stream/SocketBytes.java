package dev.skerry.wire.stream;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A unix socket on which a thread may be interrupted: the socket never blocks, selectors do. (Interrupting a thread
 * that reads or writes a blocking {@link SocketChannel} closes the channel, for everybody.) One thread reads, one at a
 * time writes.
 */
final class SocketBytes implements Outbox.Target {
    private static final int SEND_BUFFER_BYTES = 256 << 10;
    private static final long FOR_EVER = 0;

    private final SocketChannel socket;
    private final Selector readable;
    private Optional<Selector> writable = Optional.empty();
    private boolean closed;
    private boolean drained;

    SocketBytes(Path path) throws IOException {
        this(SocketChannel.open(UnixDomainSocketAddress.of(path)));
    }

    SocketBytes(SocketChannel socket) throws IOException {
        this.socket = socket;
        socket.setOption(java.net.StandardSocketOptions.SO_SNDBUF, SEND_BUFFER_BYTES);
        socket.configureBlocking(false);
        this.readable = Selector.open();
        socket.register(readable, SelectionKey.OP_READ);
    }

    /** Waits until some bytes can be written. Most sockets never need that, and a selector costs two descriptors. */
    private void awaitWritable() throws IOException {
        Selector selector = writableSelector();
        selector.select();
        selector.selectedKeys().clear();
    }

    private synchronized Selector writableSelector() throws IOException {
        if (closed) {
            throw new ClosedChannelException();
        }
        if (writable.isEmpty()) {
            Selector selector = Selector.open();
            writable = Optional.of(selector);
            socket.register(selector, SelectionKey.OP_WRITE);
        }
        return writable.get();
    }

    /** The selector if there is one; there will be none from now on. */
    private synchronized Optional<Selector> closeWritable() {
        closed = true;
        return writable;
    }

    /** Blocks for at least one byte; -1 at the end. */
    int read(ByteBuffer into) throws IOException {
        return read(into, FOR_EVER);
    }

    /**
     * Fills the buffer.
     *
     * @throws IOException also when that has not happened within the bound
     */
    void readFully(ByteBuffer into, Duration bound) throws IOException {
        long until = System.nanoTime() + bound.toNanos();
        while (into.hasRemaining()) {
            long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
            if (left <= 0) {
                throw new IOException("no answer within " + bound.toMillis() + " ms");
            }
            // A thread that is interrupted does not wait, and asks again.
            if (read(into, left) < 0) {
                throw new IOException("the socket was closed");
            }
        }
    }

    /** @param waitMillis after which 0 is the answer, or {@link #FOR_EVER} */
    private int read(ByteBuffer into, long waitMillis) throws IOException {
        try {
            while (true) {
                int got = drained ? 0 : socket.read(into);
                drained = got >= 0 && into.hasRemaining();
                if (got != 0) {
                    return got;
                }
                if (readable.select(waitMillis) == 0 && waitMillis != FOR_EVER) {
                    return 0;
                }
                readable.selectedKeys().clear();
                drained = false;
            }
        } catch (ClosedSelectorException e) {
            throw closed(e);
        }
    }

    @Override
    public void writeSome(ByteBuffer[] parts) throws IOException {
        if (parts.length == 1) {
            socket.write(parts[0]);
        } else {
            socket.write(parts);
        }
    }

    @Override
    public void writeAll(byte[] block, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(block, 0, length);
        try {
            while (bytes.hasRemaining()) {
                if (socket.write(bytes) == 0) {
                    awaitWritable();
                }
            }
        } catch (ClosedSelectorException e) {
            throw closed(e);
        }
    }

    @Override
    public void close() {
        try (socket;
                readable;
                var _ = closeWritable().orElse(null)) {
            // Whoever waits on a selector is woken by its end.
        } catch (IOException e) {
            // The descriptors are closed even then.
        }
    }

    private static IOException closed(ClosedSelectorException cause) {
        ClosedChannelException closed = new ClosedChannelException();
        closed.initCause(cause);
        return closed;
    }
}

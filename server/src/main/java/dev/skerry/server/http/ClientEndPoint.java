package dev.skerry.server.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection. Jetty stops listening to it whenever a request has come, and begins again after the answer:
 * two system calls for each request, although a client that waits for its answer says nothing meanwhile. Here it is
 * listened to until something comes that nobody waits for.
 */
final class ClientEndPoint extends SocketChannelEndPoint {
    private final ManagedSelector selector;
    private final Executor executor;
    private final Leaving leaving;
    private volatile PatientKey key;

    ClientEndPoint(
            SocketChannel socket, ManagedSelector selector, SelectionKey key, Scheduler scheduler, Executor executor) {
        this(socket, selector, new PatientKey(key), scheduler, executor);
    }

    private ClientEndPoint(
            SocketChannel socket, ManagedSelector selector, PatientKey key, Scheduler scheduler, Executor executor) {
        super(socket, selector, key, scheduler);
        this.selector = selector;
        this.executor = executor;
        this.leaving = new Leaving(socket);
        this.key = key;
    }

    ManagedSelector selector() {
        return selector;
    }

    @Override
    public @Nullable Runnable onSelected() {
        boolean wanted = key.settle(leaving);
        return wanted ? super.onSelected() : null;
    }

    /**
     * Whether the client leaves is looked at from now until {@link #answers}; with one that has said that it says no
     * more it is as if it had left.
     *
     * @param told once, on a thread that must not be held up
     */
    void onLeaving(Runnable told) {
        leaving.await(told);
        selector.submit(_ -> key.listen());
    }

    /** Its request is done. */
    void answers() {
        leaving.forget();
    }

    @Override
    public int fill(ByteBuffer buffer) throws IOException {
        if (!leaving.holds()) {
            return super.fill(buffer);
        }
        int position = BufferUtil.flipToFill(buffer);
        int count = leaving.take(buffer);
        BufferUtil.flipToFlush(buffer, position);
        notIdle();
        return count;
    }

    /** What is kept already makes no socket readable. */
    @Override
    protected void needsFillInterest() {
        if (leaving.holds()) {
            executor.execute(this::fillable);
        } else {
            super.needsFillInterest();
        }
    }

    private void fillable() {
        boolean _ = getFillInterest().fillable();
    }

    @Override
    public void replaceKey(SelectionKey another) {
        key = key.on(another);
        super.replaceKey(key);
    }

    /** Stops listening when it turns out to be necessary. For the selector's thread. */
    private static final class PatientKey extends SelectionKey {
        private final SelectionKey real;
        private int wanted;

        PatientKey(SelectionKey real) {
            this(real, real.interestOps());
        }

        private PatientKey(SelectionKey real, int wanted) {
            this.real = real;
            this.wanted = wanted;
        }

        PatientKey on(SelectionKey another) {
            return new PatientKey(another, wanted);
        }

        /** Something has come; whether anybody waits for it. */
        boolean settle(Leaving leaving) {
            int ready = real.readyOps();
            if ((ready & ~wanted) != 0 && !leaving.look()) {
                real.interestOps(wanted);
            }
            return (ready & wanted) != 0;
        }

        void listen() {
            if (real.isValid()) {
                real.interestOps(real.interestOps() | OP_READ);
            }
        }

        @Override
        public SelectionKey interestOps(int operations) {
            wanted = operations;
            int more = operations | (real.interestOps() & OP_READ);
            if (more != real.interestOps()) {
                real.interestOps(more);
            }
            return this;
        }

        @Override
        public int interestOps() {
            return wanted;
        }

        @Override
        public int readyOps() {
            return real.readyOps() & wanted;
        }

        @Override
        public SelectableChannel channel() {
            return real.channel();
        }

        @Override
        public Selector selector() {
            return real.selector();
        }

        @Override
        public boolean isValid() {
            return real.isValid();
        }

        @Override
        public void cancel() {
            real.cancel();
        }
    }
}

package dev.skerry.server.http;

import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection. Jetty stops listening to it whenever a request has come, and begins again after the answer:
 * two system calls for each request, although a client that waits for its answer says nothing meanwhile. Here it is
 * listened to until something comes that nobody waits for.
 */
final class ClientEndPoint extends SocketChannelEndPoint {
    private final ManagedSelector selector;
    private PatientKey key;

    ClientEndPoint(SocketChannel socket, ManagedSelector selector, SelectionKey key, Scheduler scheduler) {
        this(socket, selector, new PatientKey(key), scheduler);
    }

    private ClientEndPoint(SocketChannel socket, ManagedSelector selector, PatientKey key, Scheduler scheduler) {
        super(socket, selector, key, scheduler);
        this.selector = selector;
        this.key = key;
    }

    ManagedSelector selector() {
        return selector;
    }

    @Override
    public @Nullable Runnable onSelected() {
        boolean wanted = key.settle();
        return wanted ? super.onSelected() : null;
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
        boolean settle() {
            int ready = real.readyOps();
            if ((ready & ~wanted) != 0) {
                real.interestOps(wanted);
            }
            return (ready & wanted) != 0;
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

package dev.skerry.server.http;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A request that is being answered without a thread of its own. Whoever has taken it ends it by {@link #done} or {@link
 * #goOn}, once; a second end does nothing. Thread-safe.
 */
public final class Turn {
    private final Entry entry;
    private final Exchange exchange;
    private final String client;
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile Consumer<Boolean> atEnd = _ -> {};
    private volatile @Nullable Runnable onInterrupt;
    private volatile boolean interrupted;

    Turn(Entry entry, Exchange exchange, String client) {
        this.entry = entry;
        this.exchange = exchange;
        this.client = client;
    }

    Exchange exchange() {
        return exchange;
    }

    String client() {
        return client;
    }

    /** To be told, before the client's next request, whether the answer became whole. One at a time. */
    public void atEnd(Consumer<Boolean> told) {
        atEnd = told;
    }

    /** What breaks the answer off when the server stops; it must not block, and may be run more than once. */
    public void onInterrupt(Runnable action) {
        onInterrupt = action;
        if (interrupted) {
            action.run();
        }
    }

    void interrupt() {
        interrupted = true;
        Runnable action = onInterrupt;
        if (action != null) {
            action.run();
        }
    }

    /** The answer has been written as a whole. */
    public void done() {
        if (over.compareAndSet(false, true)) {
            atEnd.accept(true);
            entry.done(this);
        }
    }

    /** The rest needs a thread: that handler gets one, and its end is that of the request. */
    public void goOn(Handler rest) {
        if (over.compareAndSet(false, true)) {
            entry.goOn(this, told(rest));
        }
    }

    private Handler told(Handler rest) {
        return exchange -> {
            boolean whole = false;
            try {
                rest.handle(exchange);
                whole = true;
            } finally {
                atEnd.accept(whole);
            }
        };
    }
}

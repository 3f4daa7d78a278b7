package dev.skerry.server.http;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** Tells Jetty once that a request is done. */
final class Completion {
    private final AtomicReference<@Nullable Callback> callback;

    Completion(Callback callback) {
        this.callback = new AtomicReference<>(callback);
    }

    /** Whether nobody has yet. */
    boolean open() {
        return callback.get() != null;
    }

    private Optional<Callback> take() {
        return Optional.ofNullable(callback.getAndSet(null));
    }

    void succeed() {
        take().ifPresent(Callback::succeeded);
    }

    void fail(Throwable cause) {
        take().ifPresent(left -> left.failed(cause));
    }
}

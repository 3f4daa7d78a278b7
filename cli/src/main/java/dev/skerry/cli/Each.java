package dev.skerry.cli;

import dev.skerry.wire.Failure;
import java.util.List;
import java.util.Optional;

/** Does the same to several sandboxes: one that fails does not keep the others from their turn. */
final class Each {
    private Each() {}

    /** What is done. */
    @FunctionalInterface
    interface Action {
        void on(String id) throws InterruptedException;
    }

    /** What is done, and what there is to say of it. */
    @FunctionalInterface
    interface Telling<T> {
        String on(T id) throws InterruptedException;
    }

    /** Prints the id of each that succeeded, and what went wrong with the others. @return the first one's exit code */
    static int of(Context context, List<String> ids, Action action) throws InterruptedException {
        return telling(context, ids, id -> {
            action.on(id);
            return id;
        });
    }

    /** As {@link #of}, with other words for those that succeeded. */
    static <T> int telling(Context context, List<T> ids, Telling<T> action) throws InterruptedException {
        int code = ExitCode.OK;
        Optional<LostOutput> lost = Optional.empty();
        for (T id : ids) {
            try {
                context.print(action.on(id));
            } catch (LostOutput e) {
                lost = Optional.of(e);
            } catch (Failure e) {
                int own = new FailurePrinter(context.stderr(), context.debug()).print(e);
                code = code == ExitCode.OK ? own : code;
            }
        }
        if (lost.isPresent()) {
            throw lost.get();
        }
        return code;
    }
}

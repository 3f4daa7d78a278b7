package dev.skerry.server.envd;

import dev.skerry.server.connect.Code;
import dev.skerry.server.connect.RpcError;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.GuestProcess;
import dev.skerry.wire.stream.ProcessExit;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A process, whoever listens to it. Threads of its own take its output from guestd and tell all listeners; who listens
 * slowly holds the process up, so long and no longer, and is cut off then. With no listener the output is dropped. The
 * process goes on when listeners leave. Thread-safe.
 */
final class RunningProcess {
    private static final Duration END_POLL = Duration.ofMinutes(1);
    private static final int CHUNK_BYTES = 32 << 10;
    private static final int TERMINAL_CHUNK_BYTES = 16 << 10;
    private static final int LISTENER_BYTES = 256 << 10;

    /** What listeners hear. */
    sealed interface Event {
        /** Bytes of one output. */
        record Output(Source source, ByteBuffer bytes) implements Event {}

        /** The last. */
        record End(ProcessExit exit) implements Event {}
    }

    /** Where output comes from, as the field of the message that carries it is named. */
    enum Source {
        STDOUT("stdout"),
        STDERR("stderr"),
        PTY("pty");

        private final String field;

        Source(String field) {
            this.field = field;
        }

        String field() {
            return field;
        }
    }

    /**
     * What is known of how it was started; less after a restart of this program.
     *
     * @param command cut, if it is long, as are the arguments: they are shown, not used
     * @param environment that came with the request; left out if it is long
     * @param input whether it has a stdin to write to
     */
    record Origin(
            String command,
            List<String> arguments,
            Map<String, String> environment,
            Optional<String> folder,
            Optional<String> tag,
            boolean terminal,
            boolean input) {
        private static final int SHOWN_CHARS_MAX = 16 << 10;
        private static final int SHOWN_ARGUMENTS_MAX = 64;

        Origin {
            command = shown(command);
            int each = SHOWN_CHARS_MAX / Math.clamp(arguments.size(), 1, SHOWN_ARGUMENTS_MAX);
            arguments = arguments.stream()
                    .limit(SHOWN_ARGUMENTS_MAX)
                    .map(argument -> argument.length() > each ? argument.substring(0, each) + "…" : argument)
                    .toList();
            int chars = environment.entrySet().stream()
                    .mapToInt(
                            entry -> entry.getKey().length() + entry.getValue().length())
                    .sum();
            environment = chars > SHOWN_CHARS_MAX ? Map.of() : Map.copyOf(environment);
        }

        private static String shown(String text) {
            return text.length() > SHOWN_CHARS_MAX ? text.substring(0, SHOWN_CHARS_MAX) + "…" : text;
        }

        /** Of one that has ended: what it is found by. */
        Origin stub() {
            return new Origin("", List.of(), Map.of(), Optional.empty(), tag, terminal, input);
        }
    }

    private final GuestProcess process;
    private final Duration stallBound;
    private volatile Origin origin;
    private final ProcessInput input;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition over = lock.newCondition();
    private final List<Mailbox<Event>> listeners = new ArrayList<>();
    private Optional<ProcessExit> exit = Optional.empty();
    private @Nullable Failure failure;

    /** @param stallBound how long one listener may take nothing */
    RunningProcess(GuestProcess process, Origin origin, Duration stallBound) {
        this.stallBound = stallBound;
        this.process = process;
        this.origin = origin;
        this.input = new ProcessInput(process.stdin());
    }

    /** @param onEnd when nothing more will come */
    void begin(Runnable onEnd) {
        Thread errors =
                Thread.ofVirtual().name("process-stderr").unstarted(() -> pass(process.stderr(), Source.STDERR));
        if (!origin.terminal) {
            errors.start();
        }
        Thread.ofVirtual().name("process-stdout").start(() -> {
            pass(process.stdout(), origin.terminal ? Source.PTY : Source.STDOUT);
            try {
                if (!origin.terminal) {
                    errors.join();
                }
                awaitEnd();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                onEnd.run();
            }
        });
    }

    private void pass(InputStream output, Source source) {
        byte[] chunk = new byte[origin.terminal ? TERMINAL_CHUNK_BYTES : CHUNK_BYTES];
        try {
            for (int count = output.read(chunk); count >= 0; count = output.read(chunk)) {
                ByteBuffer copy = ByteBuffer.wrap(Arrays.copyOf(chunk, count)).asReadOnlyBuffer();
                tell(new Event.Output(source, copy), count);
            }
        } catch (Failure e) {
            fail(e);
        } catch (IOException e) {
            fail(new Failure(ErrorCode.INTERNAL, "the output of a process broke", e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitEnd() throws InterruptedException {
        try {
            Optional<ProcessExit> found = Optional.empty();
            while (found.isEmpty()) {
                found = process.await(END_POLL);
            }
            lock.lock();
            try {
                exit = found;
                Event end = new Event.End(found.get());
                listeners.forEach(listener -> listener.force(end));
                listeners.clear();
                over.signalAll();
            } finally {
                lock.unlock();
            }
            origin = origin.stub();
            input.close();
        } catch (Failure e) {
            fail(e);
        }
    }

    private void tell(Event.Output event, int bytes) throws InterruptedException {
        for (Mailbox<Event> listener : listening()) {
            if (!listener.offer(event, bytes, stallBound)) {
                unsubscribe(listener);
                listener.cut(this::tooSlow);
            }
        }
    }

    private RpcError tooSlow() {
        return new RpcError(
                Code.RESOURCE_EXHAUSTED,
                "the output was not read for " + stallBound.toSeconds() + " s; connect again and read faster");
    }

    private List<Mailbox<Event>> listening() {
        lock.lock();
        try {
            return List.copyOf(listeners);
        } finally {
            lock.unlock();
        }
    }

    private void fail(Failure reason) {
        lock.lock();
        try {
            if (failure == null && exit.isEmpty()) {
                failure = reason;
            }
            Supplier<RuntimeException> end = again(reason);
            listeners.forEach(listener -> listener.close(end));
            listeners.clear();
            over.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private static Supplier<RuntimeException> again(Failure first) {
        return () -> new Failure(first.code(), first.getMessage(), first);
    }

    /** From now on; an ended one tells its end. */
    Mailbox<Event> subscribe() {
        Mailbox<Event> listener = new Mailbox<>(LISTENER_BYTES);
        lock.lock();
        try {
            if (exit.isPresent()) {
                listener.force(new Event.End(exit.get()));
            } else if (failure != null) {
                listener.close(again(failure));
            } else {
                listeners.add(listener);
            }
        } finally {
            lock.unlock();
        }
        return listener;
    }

    /** Nobody waits for this listener any more. */
    void unsubscribe(Mailbox<Event> listener) {
        lock.lock();
        try {
            listeners.remove(listener);
        } finally {
            lock.unlock();
        }
        listener.cut(this::tooSlow);
    }

    /** Waits, so long and no longer. */
    void awaitOver(Duration bound) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = bound.toNanos();
            while (exit.isEmpty() && failure == null && left > 0) {
                left = over.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    boolean running() {
        lock.lock();
        try {
            return exit.isEmpty() && failure == null;
        } finally {
            lock.unlock();
        }
    }

    /** Whether it cannot be heard any more although nothing says that it has ended. */
    boolean lost() {
        lock.lock();
        try {
            return failure != null;
        } finally {
            lock.unlock();
        }
    }

    GuestProcess guest() {
        return process;
    }

    Origin origin() {
        return origin;
    }

    ProcessInput input() {
        return input;
    }
}

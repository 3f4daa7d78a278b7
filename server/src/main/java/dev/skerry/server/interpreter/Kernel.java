package dev.skerry.server.interpreter;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.GuestProcess;
import dev.skerry.wire.stream.ProcessExit;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A kernel's process. Two threads read its outputs for as long as it lives, so that code which prints between cells
 * never blocks; what is printed then is dropped. At each event the two wait for each other, so output and events keep
 * their order. Thread-safe; one execution at a time, which its context sees to.
 */
final class Kernel {
    private static final Logger LOG = LoggerFactory.getLogger(Kernel.class);

    private static final int SIGINT = 2;
    private static final int SIGKILL = 9;
    private static final Duration EXIT_BOUND = Duration.ofSeconds(10);

    private final GuestProcess process;
    private final Language language;
    private final LargeResults.Share share;
    private final InstantSource clock;
    private final AtomicLong lastId;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Rendezvous outputs = new Rendezvous();
    private final StringBuilder early = new StringBuilder();
    private @Nullable Execution current;
    private boolean started;
    private long answered = -1;
    private Optional<String> missing = Optional.empty();
    private boolean dead;
    private @Nullable ProcessExit exit;
    private @Nullable Failure gone;

    /** @param fresh false for one that an earlier server started and that may be at a cell of its */
    Kernel(GuestProcess process, Language language, LargeResults.Share share, InstantSource clock, boolean fresh) {
        this.process = process;
        this.language = language;
        this.share = share;
        this.clock = clock;
        // Not one that the earlier server used: an end that is still to come must not end something else.
        this.lastId = new AtomicLong(fresh ? 0 : clock.millis());
    }

    /** Begins to read it. */
    void read(String token) {
        KernelEvents events = new KernelEvents(this, share);
        reader("out", process.stdout(), token, new Half("stdout", events));
        reader("err", process.stderr(), token, new Half("stderr", events));
    }

    private void reader(String name, InputStream in, String token, Half half) {
        Thread.ofVirtual().name("kernel-" + process.pid() + "-" + name).start(() -> {
            try {
                new FrameSplitter(in, token, half).run();
                half.flush();
                ended(half, Optional.empty());
            } catch (Failure e) {
                ended(half, Optional.of(e));
            } catch (IOException e) {
                ended(half, Optional.of(new Failure(ErrorCode.SANDBOX_GONE, "a kernel's output broke off", e)));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** One of the two outputs. */
    private final class Half implements FrameSplitter.Sink {
        private final String name;
        private final KernelEvents events;
        private final Utf8 text = new Utf8();

        Half(String name, KernelEvents events) {
            this.name = name;
            this.events = events;
        }

        boolean isOut() {
            return name.equals("stdout");
        }

        @Override
        public void output(byte[] bytes, int from, int to) throws InterruptedException {
            printed(name, text.decode(bytes, from, to));
        }

        void flush() throws InterruptedException {
            printed(name, text.finish());
        }

        @Override
        public void frame(boolean last, long number, byte[] data) throws InterruptedException {
            if (isOut()) {
                if (events.collect(last, number, data)) {
                    outputs.outArrives(number);
                    if (events.bounds()) {
                        flush();
                    }
                    events.deliver();
                    outputs.outDone(number);
                }
            } else if (last) {
                flush();
                outputs.errArrives(number);
            }
        }
    }

    private void printed(String stream, String text) throws InterruptedException {
        if (text.isEmpty()) {
            return;
        }
        Optional<Execution> execution = running();
        if (execution.isPresent()) {
            execution.get().add(Lines.output(stream, text, clock.instant()));
            return;
        }
        lock.lock();
        try {
            // Of a kernel that does not come up, the reason.
            if (answered < 0 && stream.equals("stderr") && early.length() < 2000) {
                early.append(text, 0, Math.min(text.length(), 2000));
            }
        } finally {
            lock.unlock();
        }
    }

    private void ended(Half half, Optional<Failure> cause) {
        lock.lock();
        try {
            if (cause.isPresent() && gone == null) {
                gone = cause.get();
            }
        } finally {
            lock.unlock();
        }
        if (outputs.ends(half.isOut())) {
            half.events.close();
            buried();
        }
    }

    private void buried() {
        @Nullable ProcessExit how = null;
        @Nullable Failure why;
        lock.lock();
        try {
            why = gone;
        } finally {
            lock.unlock();
        }
        try {
            if (why == null) {
                how = process.await(EXIT_BOUND).orElse(null);
                process.forget();
            }
        } catch (Failure e) {
            why = e.code() == ErrorCode.SANDBOX_GONE ? e : null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        @Nullable Execution last;
        lock.lock();
        try {
            dead = true;
            exit = how;
            gone = why;
            last = current;
            current = null;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (last != null) {
            if (why != null) {
                last.fail(why);
            } else {
                KernelDeath.tell(last, language, Optional.ofNullable(how));
            }
        }
    }

    // What its events do.

    /** The execution whose code is running; what is printed is its. */
    Optional<Execution> running() {
        lock.lock();
        try {
            return started ? Optional.ofNullable(current) : Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    byte[] stderr(String text) {
        return Lines.output("stderr", text, clock.instant());
    }

    void onHello(long id, Optional<String> lacks) {
        lock.lock();
        try {
            answered = Math.max(answered, id);
            missing = lacks;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void onStart(long id, long count) throws InterruptedException {
        Execution execution;
        lock.lock();
        try {
            if (current == null || current.id() != id) {
                return;
            }
            started = true;
            execution = current;
        } finally {
            lock.unlock();
        }
        execution.add(Lines.count(count));
    }

    void onEnd(long id, int status) throws InterruptedException {
        Execution execution;
        lock.lock();
        try {
            if (current == null || current.id() != id) {
                return;
            }
            execution = current;
            current = null;
            started = false;
        } finally {
            lock.unlock();
        }
        if (status != 0) {
            execution.add(KernelDeath.status(status));
        }
        execution.end();
    }

    // For its context.

    /** Asks for a sign of life, which it gives between cells. What to wait for. */
    long ask() {
        long id = lastId.incrementAndGet();
        write(KernelRequests.hello(language, id));
        return id;
    }

    /**
     * Whether it has answered, within that time.
     *
     * @throws Failure when it has ended, or lacks something
     */
    boolean answers(long id, Duration bound) throws InterruptedException {
        lock.lock();
        try {
            long left = bound.toNanos();
            while (answered < id && !dead && left > 0) {
                left = changed.awaitNanos(left);
            }
            if (missing.isPresent()) {
                throw new Failure(ErrorCode.NOT_FOUND, missing.get());
            }
            if (dead) {
                throw gone != null ? gone : KernelDeath.atStart(language, Optional.ofNullable(exit), early.toString());
            }
            return answered >= id;
        } finally {
            lock.unlock();
        }
    }

    /** A kernel that takes no more has ended or will soon, which is told in its own words then. */
    void write(byte[] bytes) {
        try {
            process.stdin().write(bytes);
        } catch (IOException e) {
            LOG.atDebug().addKeyValue("pid", process.pid()).setCause(e).log("a kernel takes no requests any more");
        } catch (Failure e) {
            if (e.code() != ErrorCode.CONFLICT) {
                throw e;
            }
            LOG.atDebug().addKeyValue("pid", process.pid()).setCause(e).log("a kernel takes no requests any more");
        }
    }

    Execution begin(String code, Map<String, String> environment) {
        Execution execution = new Execution(lastId.incrementAndGet(), share);
        lock.lock();
        try {
            if (dead) {
                throw gone != null ? gone : new Failure(ErrorCode.CONFLICT, "the kernel has just ended");
            }
            current = execution;
            started = false;
        } finally {
            lock.unlock();
        }
        write(KernelRequests.execute(language, execution.id(), code, environment));
        return execution;
    }

    boolean alive() {
        lock.lock();
        try {
            return !dead;
        } finally {
            lock.unlock();
        }
    }

    /** Stops the code that runs, if it lets itself be stopped. */
    void interrupt() throws InterruptedException {
        signal(SIGINT);
    }

    /** With what it has started, unless that is in a session of its own. */
    void kill() throws InterruptedException {
        signal(SIGKILL);
    }

    private void signal(int number) throws InterruptedException {
        try {
            process.signal(number, GuestProcess.Scope.GROUP);
        } catch (Failure e) {
            // It has ended.
            if (e.code() != ErrorCode.NOT_FOUND && e.code() != ErrorCode.CONFLICT) {
                throw e;
            }
        }
    }

    boolean awaitDeath(Duration bound) throws InterruptedException {
        lock.lock();
        try {
            long left = bound.toNanos();
            while (!dead && left > 0) {
                left = changed.awaitNanos(left);
            }
            return dead;
        } finally {
            lock.unlock();
        }
    }
}

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

    /** As a shell reports the end by SIGINT. */
    private static final int INTERRUPTED = 128 + SIGINT;

    /** How many signs of life may be asked for and not come: they are of some 20 bytes, and a pipe holds 64 KiB. */
    private static final int UNANSWERED_MAX = 1000;

    private static final Duration EXIT_BOUND = Duration.ofSeconds(10);

    private final GuestProcess process;
    private final Language language;
    private final LargeResults.Share share;
    private final InstantSource clock;
    private final AtomicLong lastId;

    /** Held while something is written, so that requests arrive whole and in the order of their numbers. */
    private final ReentrantLock pen = new ReentrantLock();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Rendezvous outputs = new Rendezvous();
    private final StringBuilder early = new StringBuilder();
    private @Nullable Execution current;
    private boolean started;
    private long answered = -1;
    private int unanswered;
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
        reader("out", process.stdout(), token, new KernelOutput(true, this, outputs, events));
        reader("err", process.stderr(), token, new KernelOutput(false, this, outputs, events));
    }

    private void reader(String name, InputStream in, String token, KernelOutput half) {
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

    void printed(String stream, String text) throws InterruptedException {
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

    private void ended(KernelOutput half, Optional<Failure> cause) {
        lock.lock();
        try {
            if (cause.isPresent() && gone == null) {
                gone = cause.get();
            }
        } finally {
            lock.unlock();
        }
        if (outputs.ends(half.isOut())) {
            half.events().close();
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

    void onHello(long id, Optional<String> lacks) throws InterruptedException {
        @Nullable Execution lost;
        lock.lock();
        try {
            answered = Math.max(answered, id);
            unanswered = 0;
            missing = lacks;
            lost = current != null && current.id() < id ? current : null;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (lost != null) {
            // It answers between cells, so that one is over; an interrupt hit the line that says so.
            onEnd(lost.id(), INTERRUPTED);
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
        pen.lock();
        try {
            long id = lastId.incrementAndGet();
            write(KernelRequests.hello(language, id));
            return id;
        } finally {
            pen.unlock();
        }
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
        pen.lock();
        try {
            Execution execution = new Execution(lastId.incrementAndGet(), share);
            start(execution);
            write(KernelRequests.execute(language, execution.id(), code, environment));
            return execution;
        } finally {
            pen.unlock();
        }
    }

    private void start(Execution execution) {
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
    }

    boolean alive() {
        lock.lock();
        try {
            return !dead;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Stops the code that runs, if it lets itself be stopped. The signal may hit the kernel when it is about to report
     * an end or to answer, and that is lost then; so it is asked for a sign of life, which no signal precedes.
     */
    void interrupt() throws InterruptedException {
        signal(SIGINT);
        if (mayAsk()) {
            ask();
        }
    }

    private boolean mayAsk() {
        lock.lock();
        try {
            return !dead && unanswered++ < UNANSWERED_MAX;
        } finally {
            lock.unlock();
        }
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

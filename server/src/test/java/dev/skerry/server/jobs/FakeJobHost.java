package dev.skerry.server.jobs;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobControl;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobListener.Phase;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.JobPlace;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolState;
import dev.skerry.wire.jobs.StageOutcome;
import dev.skerry.wire.jobs.StageOutcome.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;

/** Runs programs of Java: the main file's text is a program's name. Each has pipes, and ends at its wall limit. */
public final class FakeJobHost implements JobHost {
    public static final LanguageRuntime PYTHON =
            new LanguageRuntime("base", "python", "3.11.2", List.of("py"), Optional.empty(), false);
    public static final LanguageRuntime C =
            new LanguageRuntime("base", "c", "12.2.0", List.of(), Optional.of("gcc"), true);

    private static final int PIPE_BYTES = 64 << 10;

    final List<JobOrder> ran = new CopyOnWriteArrayList<>();
    final AtomicInteger most = new AtomicInteger();
    volatile Map<String, Isolation> floors = Map.of();
    private final AtomicInteger running = new AtomicInteger();
    private final Map<String, Program> programs = new ConcurrentHashMap<>();

    /** What it says that a job took. */
    volatile Duration took = Duration.ofMillis(20);

    /** Sandboxes are made once it is open; who is interrupted meanwhile hears what the engine says. */
    volatile CountDownLatch making = new CountDownLatch(0);

    /** What it breaks down with instead of making a sandbox. */
    volatile Optional<Error> breakdown = Optional.empty();

    /** Compiling ends when this does. */
    volatile Duration compiling = Duration.ZERO;

    /** Exit codes are returned. */
    @FunctionalInterface
    public interface Program {
        int run(InputStream in, OutputStream out, List<String> arguments) throws IOException, InterruptedException;
    }

    public FakeJobHost() {
        program("hello", (_, out, _) -> {
            out.write("hello\n".getBytes(StandardCharsets.UTF_8));
            return 0;
        });
        program("cat", (in, out, _) -> {
            in.transferTo(out);
            return 0;
        });
        program("fail", (_, _, _) -> 3);
    }

    public FakeJobHost program(String name, Program program) {
        programs.put(name, program);
        return this;
    }

    @Override
    public List<LanguageRuntime> runtimes() {
        return List.of(PYTHON, C);
    }

    @Override
    public JobOutcome run(JobOrder order, JobListener itsListener) throws InterruptedException {
        JobListener listener = new OneAtATime(itsListener, new ReentrantLock());
        ran.add(order);
        most.accumulateAndGet(running.incrementAndGet(), Math::max);
        try {
            make();
            JobPlace place = new JobPlace(
                    "sandbox", order.floor(), "fake 1", order.runtime().template(), "sha256:0", JobPlace.Warmth.COLD);
            listener.placed(place);
            String name = new String(order.files().getFirst().content(), StandardCharsets.UTF_8);
            Optional<StageOutcome> compiled = Optional.empty();
            if (order.runtime().compiled()) {
                boolean well = programs.containsKey(name);
                boolean _ = new CountDownLatch(1).await(compiling.toMillis(), TimeUnit.MILLISECONDS);
                compiled = Optional.of(
                        outcome(well ? Status.OK : Status.RUNTIME_ERROR, well ? 0 : 1, Duration.ZERO, new byte[0]));
                boolean _ = listener.ended(Phase.COMPILE, 0, compiled.get());
                if (!well) {
                    return new JobOutcome(place, compiled, List.of(), Duration.ZERO, took);
                }
            }
            Program program = Optional.ofNullable(programs.get(name)).orElseThrow();
            List<StageOutcome> runs = new ArrayList<>();
            boolean more = true;
            for (int i = 0; i < order.cases().size() && more; i++) {
                runs.add(new Stage(program, order.cases().get(i), listener, i).run());
                more = listener.ended(Phase.RUN, i, runs.getLast());
            }
            return new JobOutcome(place, compiled, runs, Duration.ZERO, took);
        } finally {
            running.decrementAndGet();
        }
    }

    private void make() {
        breakdown.ifPresent(error -> {
            throw error;
        });
        try {
            making.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(ErrorCode.SANDBOX_GONE, "interrupted while waiting for the sandbox", e);
        }
    }

    static StageOutcome outcome(Status status, int exitCode, Duration wall, byte[] stdout) {
        return new StageOutcome(
                status,
                status == Status.OK || status == Status.RUNTIME_ERROR ? OptionalInt.of(exitCode) : OptionalInt.empty(),
                OptionalInt.empty(),
                wall,
                wall,
                1 << 20,
                stdout,
                status == Status.STDOUT_LIMIT,
                new byte[0],
                false);
    }

    /** As on a host; who is told of the end waits for that too. */
    private record OneAtATime(JobListener inner, ReentrantLock turn) implements JobListener {
        @Override
        public void placed(JobPlace place) {
            turn.lock();
            try {
                inner.placed(place);
            } finally {
                turn.unlock();
            }
        }

        @Override
        public void begins(Phase phase, int run, JobControl control) {
            turn.lock();
            try {
                inner.begins(phase, run, control);
            } finally {
                turn.unlock();
            }
        }

        @Override
        public void wrote(Stream stream, byte[] bytes) {
            turn.lock();
            try {
                inner.wrote(stream, bytes);
            } finally {
                turn.unlock();
            }
        }

        @Override
        public boolean ended(Phase phase, int run, StageOutcome outcome) {
            turn.lock();
            try {
                return inner.ended(phase, run, outcome);
            } finally {
                turn.unlock();
            }
        }
    }

    /** One run. Its end is told when all that it wrote was. */
    private static final class Stage {
        private final Program program;
        private final JobCase input;
        private final JobListener listener;
        private final int run;
        private final AtomicReference<Status> end = new AtomicReference<>();
        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

        Stage(Program program, JobCase input, JobListener listener, int run) {
            this.program = program;
            this.input = input;
            this.listener = listener;
            this.run = run;
        }

        StageOutcome run() throws InterruptedException {
            try (PipedOutputStream stdin = new PipedOutputStream();
                    PipedInputStream read = new PipedInputStream(stdin, PIPE_BYTES);
                    PipedInputStream stdout = new PipedInputStream(PIPE_BYTES)) {
                AtomicInteger code = new AtomicInteger();
                PipedOutputStream write = new PipedOutputStream(stdout);
                Thread process = Thread.ofVirtual().unstarted(() -> {
                    try (write;
                            read) {
                        code.set(program.run(read, write, input.arguments()));
                        end.compareAndSet(null, code.get() == 0 ? Status.OK : Status.RUNTIME_ERROR);
                    } catch (IOException | InterruptedException e) {
                        end.compareAndSet(null, Status.SIGNALLED);
                    }
                });
                // As on a host: the program runs, and its time goes by, when that is told.
                long limit = System.nanoTime() + input.limits().wall().toNanos();
                process.start();
                listener.begins(Phase.RUN, run, control(process, stdin));
                Thread reader = Thread.ofVirtual().start(() -> pump(stdout, process));
                if (input.stdin().isPresent()) {
                    Thread.ofVirtual().start(() -> feed(stdin, input.stdin().get()));
                }
                wait(process, reader, limit);
                Status status = Optional.ofNullable(end.get()).orElse(Status.SIGNALLED);
                return outcome(status, code.get(), Duration.ofMillis(5), kept.toByteArray());
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        private void wait(Thread process, Thread reader, long endNanos) throws InterruptedException {
            try {
                if (!process.join(Duration.ofNanos(endNanos - System.nanoTime()))) {
                    end.compareAndSet(null, Status.TIMED_OUT);
                    process.interrupt();
                }
                process.join();
                reader.join();
            } catch (InterruptedException e) {
                end.compareAndSet(null, Status.CANCELLED);
                // As on a host: that is told before the program is ended.
                boolean _ =
                        listener.ended(Phase.RUN, run, outcome(Status.CANCELLED, 0, Duration.ZERO, kept.toByteArray()));
                process.interrupt();
                throw e;
            }
        }

        private void pump(InputStream stdout, Thread process) {
            byte[] buffer = new byte[4096];
            try {
                for (int n = stdout.read(buffer); n >= 0; n = stdout.read(buffer)) {
                    byte[] bytes = Arrays.copyOf(buffer, n);
                    if (kept.size() + n > input.limits().outputBytes()) {
                        kept.write(bytes, 0, (int) input.limits().outputBytes() - kept.size());
                        end.compareAndSet(null, Status.STDOUT_LIMIT);
                        process.interrupt();
                        return;
                    }
                    kept.writeBytes(bytes);
                    listener.wrote(JobListener.Stream.STDOUT, bytes);
                }
            } catch (IOException e) {
                // The program has died.
            }
        }

        private static void feed(OutputStream stdin, byte[] bytes) {
            try (stdin) {
                stdin.write(bytes);
            } catch (IOException e) {
                // It does not read.
            }
        }

        private JobControl control(Thread process, OutputStream stdin) {
            return new JobControl() {
                @Override
                public OutputStream stdin() {
                    return stdin;
                }

                @Override
                public void signal(int number) {
                    process.interrupt();
                }

                @Override
                public void kill() {
                    end.compareAndSet(null, Status.CANCELLED);
                    process.interrupt();
                }
            };
        }
    }

    @Override
    public void floors(Map<String, Isolation> ofTemplates) {
        floors = Map.copyOf(ofTemplates);
    }

    @Override
    public void plan(List<PoolPlan> plans) {}

    @Override
    public List<PoolState> pools() {
        return List.of();
    }

    @Override
    public void close() {}
}

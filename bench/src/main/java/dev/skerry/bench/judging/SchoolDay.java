package dev.skerry.bench.judging;

import dev.skerry.bench.jobs.PistonClient;
import dev.skerry.bench.jobs.PistonClient.Answer;
import dev.skerry.bench.jobs.PistonClient.Wishes;
import dev.skerry.bench.judging.DayLog.Answered;
import dev.skerry.bench.judging.Timetable.Submission;
import dev.skerry.bench.serving.Connection;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Plays a {@link Timetable} against a server: each program is sent at its time, whether or not those before it are
 * answered. Who is sent away comes back after the time that the server named, as pupils do. Who is sent away for longer
 * than {@link #PATIENCE}, or is answered wrongly, has failed, which the log says.
 */
final class SchoolDay {
    static final Duration PATIENCE = Duration.ofMinutes(2);

    /** Servers close connections that are idle for long, ours after a minute, and may do so as a request comes. */
    private static final Duration FRESH = Duration.ofSeconds(20);

    private final Competitor server;
    private final DayLog log = new DayLog();
    private final ConcurrentLinkedDeque<Idle> idle = new ConcurrentLinkedDeque<>();

    /** A connection that nobody uses, since then. */
    private record Idle(PistonClient client, long since) {
        boolean fresh() {
            return System.nanoTime() - since < FRESH.toNanos();
        }
    }

    SchoolDay(Competitor server) {
        this.server = server;
    }

    DayLog play(Timetable timetable) throws Exception {
        AtomicReference<Throwable> failed = new AtomicReference<>();
        long start = System.nanoTime();
        log.begin(Map.of());
        // Not a virtual one: interrupting those closes the socket that they read from.
        Thread watch = Thread.ofPlatform().name("watch").start(() -> watch(start, failed));
        try (ExecutorService pupils = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Submission submission : timetable.submissions()) {
                long wait = submission.at().toNanos() - (System.nanoTime() - start);
                TimeUnit.NANOSECONDS.sleep(wait);
                Future<?> _ = pupils.submit(() -> send(submission));
            }
        } finally {
            watch.interrupt();
            watch.join();
            for (Idle one : idle) {
                one.client().close();
            }
        }
        if (failed.get() != null) {
            throw new IllegalStateException("the server could not be watched", failed.get());
        }
        return log;
    }

    /** The connection that was used last. */
    private PistonClient client() throws IOException {
        for (Idle last = idle.pollLast(); last != null; last = idle.pollLast()) {
            if (last.fresh()) {
                return last.client();
            }
            last.client().close();
        }
        return server.client();
    }

    private void send(Submission submission) {
        long start = System.nanoTime();
        try {
            PistonClient client = client();
            boolean whole = false;
            try {
                String ready = answered(submission, client, start);
                log.answered(new Answered((System.nanoTime() - start) / 1e6, ready));
                whole = true;
            } finally {
                if (whole) {
                    idle.addLast(new Idle(client, System.nanoTime()));
                } else {
                    client.close();
                }
            }
        } catch (IOException | RuntimeException e) {
            log.failed(submission.program().name() + " of " + submission.pupil() + ": " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** How ready its sandbox was. */
    private String answered(Submission submission, PistonClient client, long start)
            throws IOException, InterruptedException {
        Wishes wishes = new Wishes(submission.pupil(), true);
        Answer answer = client.tryRun(submission.program(), wishes);
        while (answer.again().isPresent()) {
            log.refused();
            if (System.nanoTime() - start > PATIENCE.toNanos()) {
                throw new IllegalStateException("sent away for " + PATIENCE);
            }
            TimeUnit.NANOSECONDS.sleep(answer.again().get().toNanos());
            answer = client.tryRun(submission.program(), wishes);
        }
        return answer.start();
    }

    /** Begins a second of the log at each second. */
    private void watch(long start, AtomicReference<Throwable> failed) {
        try (Connection connection = new Connection(server.origin())) {
            for (long second = 1; true; second++) {
                TimeUnit.NANOSECONDS.sleep(start + TimeUnit.SECONDS.toNanos(second) - System.nanoTime());
                log.begin(look(server.origin(), connection));
            }
        } catch (IOException | RuntimeException e) {
            failed.compareAndSet(null, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The server's metrics of jobs and pools, each summed up over its labels but the result. */
    private Map<String, Double> look(URI origin, Connection connection) throws IOException {
        Map<String, String> headers =
                server.key().map(key -> Map.of("X-API-Key", key)).orElse(Map.of());
        Connection.Answer answer = connection.send("GET", "/metrics", headers, new byte[0]);
        String text = new String(answer.body().readAllBytes(), StandardCharsets.UTF_8);
        if (answer.status() != 200) {
            throw new IllegalStateException(origin + "/metrics answered " + answer.status());
        }
        Map<String, Double> sums = new LinkedHashMap<>();
        text.lines()
                .filter(line -> line.startsWith("skerry_jobs_") || line.startsWith("skerry_pool_"))
                .forEach(line -> {
                    int space = line.lastIndexOf(' ');
                    String name = line.substring(0, space).replaceAll("\\{.*?(result=\"[a-z]+\").*}|\\{.*}", " $1");
                    sums.merge(name.strip(), Double.parseDouble(line.substring(space + 1)), Double::sum);
                });
        return sums;
    }
}

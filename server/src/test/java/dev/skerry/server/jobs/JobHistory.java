package dev.skerry.server.jobs;

import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.webhooks.Callbacks;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.JobHost;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/**
 * One history: clients hand jobs in and wait for their ends, while the database goes away before a step or between a
 * step and its answer, hosts refuse, receivers fail, and the server is killed between any two steps; the next one goes
 * on. What the threads of a killed server do afterwards has no effect. Whether a step fails is decided by the seed; in
 * which order threads come to their steps is not.
 */
final class JobHistory {
    private static final TenantId ACME = new TenantId("acme");
    private static final int JOBS = 6;
    private static final Duration QUIET = Duration.ofSeconds(80);

    private final Random random;
    private final UnaryOperator<JobStore> flaw;
    private final Duration reconciling;
    private final HistoryDisk disk;
    private final Map<String, AtomicInteger> runs = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> tellings = new ConcurrentHashMap<>();
    private final Map<String, String> seen = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
    private volatile Generation now;
    private volatile boolean calm;
    private int kills;

    /**
     * @param disk is closed after it
     * @param flaw what the store does wrong, to see that it is found
     */
    JobHistory(long seed, HistoryDisk disk, UnaryOperator<JobStore> flaw, Duration reconciling) {
        this.random = new Random(seed);
        this.disk = disk;
        this.flaw = flaw;
        this.reconciling = reconciling;
    }

    private synchronized boolean chance(double probability) {
        return random.nextDouble() < probability && !calm;
    }

    /** What a server that was killed would have done is not done. */
    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Killed() {
            super("killed", null, false, false);
        }
    }

    /** A server, from its start to its end. */
    private final class Generation {
        private volatile boolean dead;
        private final JobQueue queue;
        private final Submissions submissions;

        Generation() {
            JobSettings settings =
                    new JobSettings(OptionalInt.of(2), 50, 50, Map.of(), Duration.ofDays(1), TrustPolicy.NONE);
            queue = new JobQueue(host(), settings, InstantSource.system());
            submissions = new Submissions(
                    new Submissions.Parts(
                            queue, store(), callbacks(), (_, text) -> work(text), settings, InstantSource.system()),
                    reconciling);
        }

        private void step(double failing) {
            alive();
            if (chance(0.02)) {
                dead = true;
                alive();
            }
            if (chance(failing)) {
                throw new IllegalStateException("the database is away");
            }
        }

        private void alive() {
            if (dead) {
                throw new Killed();
            }
        }

        private JobStore store() {
            JobStore inner = flaw.apply(disk.store());
            return WatchedJobStore.of((method, arguments) -> {
                step(0.05);
                Object result = WatchedJobStore.pass(inner, method, arguments);
                step(0.05);
                return result;
            });
        }

        private JobHost host() {
            FakeJobHost host = new FakeJobHost();
            for (int i = 0; i < JOBS; i++) {
                String name = "job" + i;
                host.program(name, (_, out, _) -> {
                    alive();
                    int run =
                            runs.computeIfAbsent(name, _ -> new AtomicInteger()).incrementAndGet();
                    out.write(("run " + run).getBytes(StandardCharsets.UTF_8));
                    return 0;
                });
            }
            return (JobHost) Proxy.newProxyInstance(
                    JobHost.class.getClassLoader(), new Class<?>[] {JobHost.class}, (_, method, arguments) -> {
                        if (method.getName().equals("run")) {
                            alive();
                            if (chance(0.1)) {
                                throw new Failure(ErrorCode.NO_CAPACITY, "the host is full");
                            }
                        }
                        try {
                            return method.invoke(host, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        }

        private Callbacks callbacks() {
            return new Callbacks() {
                @Override
                public void check(String url, String secret) {}

                @Override
                public String tell(String id, String url, String secret, String json) {
                    alive();
                    if (chance(0.2)) {
                        return "no answer";
                    }
                    arrives(id, json);
                    alive();
                    return chance(0.1) ? "no answer, although it arrived" : "";
                }

                @Override
                public Optional<Instant> again(int failures, Instant since, Instant time) {
                    return Optional.of(time.plusMillis(10));
                }
            };
        }

        void end() {
            dead = true;
            submissions.close();
            queue.close();
        }
    }

    private void arrives(String id, String json) {
        tellings.computeIfAbsent(id, _ -> new AtomicInteger()).incrementAndGet();
        if (!json.contains("\"state\":\"ended\"") || !json.contains(id)) {
            wrong.add("told of " + id + ": " + json);
        }
    }

    private static JobWork work(String program) {
        return new JobWork(Works.by("acme", "u", program), List.of(Optional.empty()), false, Optional.empty());
    }

    /** What was broken of what is promised; nothing in a good history. */
    List<String> run() throws InterruptedException {
        try (disk) {
            return lived();
        }
    }

    private List<String> lived() throws InterruptedException {
        start();
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < JOBS; i++) {
            String name = "job" + i;
            clients.add(Thread.ofVirtual().start(() -> client(name)));
        }
        long end = System.nanoTime() + QUIET.toNanos();
        long storm = System.nanoTime() + Duration.ofSeconds(1).toNanos();
        CountDownLatch never = new CountDownLatch(1);
        boolean over = false;
        while (!over && System.nanoTime() < end) {
            boolean _ = never.await(20, TimeUnit.MILLISECONDS);
            calm = calm || System.nanoTime() > storm;
            if (now.dead) {
                kills++;
                start();
            }
            over = calm && clients.stream().noneMatch(Thread::isAlive) && rests();
        }
        if (!over) {
            wrong.add("it does not come to rest: " + now.submissions.unfinished() + " live, queue "
                    + now.queue.waiting() + "+" + now.queue.running() + ", " + disk.unfinished() + ", clients "
                    + clients.stream().filter(Thread::isAlive).count() + ", all told " + disk.allTold());
        }
        clients.forEach(Thread::interrupt);
        now.end();
        check();
        return List.copyOf(wrong);
    }

    int kills() {
        return kills;
    }

    private boolean rests() {
        return disk.unfinished().isEmpty()
                && disk.allTold()
                && now.submissions.unfinished() == 0
                && now.queue.running() + now.queue.waiting() == 0;
    }

    /** Until one starts: it may be killed, or find no database, while it does. */
    private void start() {
        while (true) {
            if (now != null) {
                now.end();
            }
            now = new Generation();
            try {
                now.submissions.start();
                return;
            } catch (RuntimeException e) {
                now.dead = true;
            }
        }
    }

    private void client(String name) {
        boolean keyed = name.hashCode() % 3 != 0;
        boolean told = name.hashCode() % 2 == 0;
        Optional<String> key = keyed ? Optional.of("key of " + name) : Optional.empty();
        Optional<JobStore.Callback> callback =
                told ? Optional.of(new JobStore.Callback("http://" + name + "/", "s")) : Optional.empty();
        try {
            Optional<String> token = Optional.empty();
            for (int i = 0; i < (keyed ? 1000 : 1) && token.isEmpty(); i++) {
                token = hand(new Submissions.Handed(work(name), name, name, key, callback));
            }
            if (token.isPresent()) {
                awaitEnd(token.get());
            }
            if (keyed) {
                // Asks once more, as after an answer that it did not get.
                Optional<String> again = hand(new Submissions.Handed(work(name), name, name, key, callback));
                if (again.isPresent() && !again.equals(token)) {
                    wrong.add(name + " is " + token + " and " + again);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Optional<String> hand(Submissions.Handed handed) throws InterruptedException {
        try {
            return Optional.of(now.submissions.hand(handed).job().token());
        } catch (RuntimeException e) {
            pause();
            return Optional.empty();
        }
    }

    private static void pause() throws InterruptedException {
        boolean _ = new CountDownLatch(1).await(5, TimeUnit.MILLISECONDS);
    }

    private void awaitEnd(String token) throws InterruptedException {
        while (true) {
            try {
                StoredJob found = now.submissions.await(ACME, token, Duration.ofMillis(100));
                if (found.ended()) {
                    seen.put(token, found.verdict() + found.result());
                    return;
                }
            } catch (Failure e) {
                if (e.code() == ErrorCode.NOT_FOUND) {
                    wrong.add("lost: " + token);
                    return;
                }
                pause();
            } catch (RuntimeException e) {
                pause();
            }
        }
    }

    private void check() {
        for (StoredJob job : disk.all()) {
            String name = disk.nameOf(job.token());
            int ran = runs.getOrDefault(name, new AtomicInteger()).get();
            if (!job.ended() || disk.ends(job.token()) > 1) {
                wrong.add(name + " has ended " + disk.ends(job.token()) + " times and is " + job.stage());
            }
            if (job.verdict().equals("accepted") && ran == 0) {
                wrong.add(name + " was accepted and did not run");
            }
            String told = seen.get(job.token());
            if (told != null && !told.equals(job.verdict() + job.result())) {
                wrong.add(name + " was said to be " + told + " and is " + job.result());
            }
            int tellings =
                    this.tellings.getOrDefault(job.token(), new AtomicInteger()).get();
            if (job.ended() && job.callback().isPresent() && tellings == 0) {
                wrong.add(name + " was not told");
            }
        }
        seen.keySet().stream()
                .filter(token ->
                        disk.all().stream().noneMatch(job -> job.token().equals(token)))
                .forEach(token -> wrong.add("lost: " + token));
        long names = disk.all().stream()
                .map(job -> disk.nameOf(job.token()))
                .distinct()
                .count();
        if (names != disk.all().size()) {
            wrong.add("one was handed in twice");
        }
    }
}

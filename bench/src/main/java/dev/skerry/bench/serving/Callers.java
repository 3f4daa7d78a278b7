package dev.skerry.bench.serving;

import dev.skerry.bench.Distribution;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Several callers at a time, each of whom asks again as soon as it has its answer. */
public final class Callers {
    private final List<Double> millis = new ArrayList<>();
    private final List<Double> rates = new ArrayList<>();

    /** One action of one caller. */
    @FunctionalInterface
    public interface Action {
        void run() throws Exception;
    }

    /**
     * One round.
     *
     * @param actions one of each caller, on whose own connection it works
     * @param each how often each caller does its action
     */
    public void round(List<Action> actions, int each) throws Exception {
        together(actions.stream()
                .map(action -> (Callable<List<Double>>) () -> timed(action, each))
                .toList());
    }

    /**
     * One round that takes a time, however long an action takes.
     *
     * @param actions one of each caller, who begins no other after that time, and does its action once at least
     */
    public void during(List<Action> actions, Duration time) throws Exception {
        together(actions.stream()
                .map(action -> (Callable<List<Double>>) () -> timed(action, time))
                .toList());
    }

    private void together(List<Callable<List<Double>>> callers) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        List<Callable<List<Double>>> tasks = new ArrayList<>();
        for (Callable<List<Double>> caller : callers) {
            tasks.add(() -> {
                go.await();
                return caller.call();
            });
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<Double>>> futures = new ArrayList<>();
            tasks.forEach(task -> futures.add(threads.submit(task)));
            long start = System.nanoTime();
            go.countDown();
            int done = 0;
            for (Future<List<Double>> future : futures) {
                millis.addAll(future.get());
                done += future.get().size();
            }
            rates.add(done / ((System.nanoTime() - start) / 1e9));
        }
    }

    private static List<Double> timed(Action action, int each) throws Exception {
        List<Double> values = new ArrayList<>();
        for (int i = 0; i < each; i++) {
            values.add(timed(action));
        }
        return values;
    }

    private static List<Double> timed(Action action, Duration time) throws Exception {
        List<Double> values = new ArrayList<>();
        long end = System.nanoTime() + time.toNanos();
        while (values.isEmpty() || System.nanoTime() < end) {
            values.add(timed(action));
        }
        return values;
    }

    private static double timed(Action action) throws Exception {
        long start = System.nanoTime();
        action.run();
        return (System.nanoTime() - start) / 1e6;
    }

    /** Forgets what was measured so far: it was to warm up. */
    public void forget() {
        millis.clear();
        rates.clear();
    }

    /** Of each action. */
    public Distribution latencies() {
        return new Distribution("ms", millis);
    }

    /** Actions a second, of each round. */
    public Distribution rates() {
        return new Distribution("1/s", rates);
    }
}

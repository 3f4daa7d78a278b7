package dev.skerry.bench.serving;

import dev.skerry.bench.Distribution;
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
        CountDownLatch go = new CountDownLatch(1);
        List<Callable<List<Double>>> tasks = new ArrayList<>();
        for (Action action : actions) {
            tasks.add(() -> {
                go.await();
                return timed(action, each);
            });
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<Double>>> futures = new ArrayList<>();
            tasks.forEach(task -> futures.add(threads.submit(task)));
            long start = System.nanoTime();
            go.countDown();
            for (Future<List<Double>> future : futures) {
                millis.addAll(future.get());
            }
            rates.add(actions.size() * each / ((System.nanoTime() - start) / 1e9));
        }
    }

    private static List<Double> timed(Action action, int each) throws Exception {
        List<Double> values = new ArrayList<>();
        for (int i = 0; i < each; i++) {
            long start = System.nanoTime();
            action.run();
            values.add((System.nanoTime() - start) / 1e6);
        }
        return values;
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

package dev.skerry.bench.jobs;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** How many a second several callers get, in blocks that take turns with bare processes. */
final class Rates {
    private static final int BLOCKS = 4;
    private static final int CALLS = 15;

    private Rates() {}

    static void measure(JobCalls jobs, String command, int callers) throws Exception {
        List<BareShell> shells = new ArrayList<>();
        try {
            for (int i = 0; i < callers; i++) {
                shells.add(new BareShell());
            }
            double bare = 0;
            double job = 0;
            for (int block = -1; block < BLOCKS; block++) {
                double alone = seconds(
                        callers, i -> shells.get(i).run(command, jobs.program().prints()));
                double together = seconds(callers, i -> jobs.run());
                if (block >= 0) {
                    bare += alone;
                    job += together;
                }
            }
            int n = BLOCKS * CALLS * callers;
            row(callers, "bare", n, n / bare, 1);
            row(callers, jobs.program().name(), n, n / job, bare / job);
        } finally {
            for (BareShell shell : shells) {
                shell.close();
            }
        }
    }

    private interface Work {
        void call(int caller) throws IOException, InterruptedException;
    }

    private static double seconds(int callers, Work work) throws InterruptedException, ExecutionException {
        try (ExecutorService threads = Executors.newFixedThreadPool(callers)) {
            long begin = System.nanoTime();
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < callers; i++) {
                int caller = i;
                all.add(threads.submit(() -> {
                    for (int call = 0; call < CALLS; call++) {
                        work.call(caller);
                    }
                    return null;
                }));
            }
            for (Future<?> each : all) {
                each.get();
            }
            return (System.nanoTime() - begin) / 1e9;
        }
    }

    private static void row(int callers, String name, int n, double rate, double share) {
        System.out.printf(Locale.ROOT, "| %d | %s | %d | %.1f | %.2f |%n", callers, name, n, rate, share);
    }
}

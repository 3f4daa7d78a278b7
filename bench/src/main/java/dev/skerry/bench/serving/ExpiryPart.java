package dev.skerry.bench.serving;

import dev.skerry.bench.Contest;
import dev.skerry.bench.Distribution;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** How late after its deadline a sandbox ends, as one sees it who reads a program's output. One clock: one machine. */
final class ExpiryPart {
    private static final int LIFETIME_SECONDS = 2;
    private static final int TOGETHER = 10;

    private final ServerUnderTest server;
    private final ServerBenchSettings settings;
    private final Consumer<String> progress;

    ExpiryPart(ServerUnderTest server, ServerBenchSettings settings, Consumer<String> progress) {
        this.server = server;
        this.settings = settings;
        this.progress = progress;
    }

    Contest.Result run() throws Exception {
        progress.accept("expiry");
        List<Double> alone = new ArrayList<>();
        List<Double> together = new ArrayList<>();
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 0; round < Math.max(3, settings.rounds() / TOGETHER); round++) {
                alone.addAll(lateness(callers, 1));
                together.addAll(lateness(callers, TOGETHER));
            }
        }
        Map<String, Distribution> sides = new LinkedHashMap<>();
        sides.put("1 sandbox at a time", new Distribution("ms", alone));
        sides.put(TOGETHER + " at the same time", new Distribution("ms", together));
        return new Contest.Result("a sandbox ends after its deadline by", sides);
    }

    private List<Double> lateness(ExecutorService callers, int sandboxes)
            throws IOException, InterruptedException, ExecutionException {
        List<Callable<Double>> all = new ArrayList<>();
        for (int i = 0; i < sandboxes; i++) {
            all.add(this::lateness);
        }
        List<Double> values = new ArrayList<>();
        for (Future<Double> one : callers.invokeAll(all)) {
            values.add(one.get());
        }
        return values;
    }

    private double lateness() throws IOException {
        try (Api api = server.client();
                Api stream = api.another()) {
            Api.Box box = api.create(Map.of(), LIFETIME_SECONDS);
            Api.Running running = stream.start(box, "/bin/cat", List.of(), true);
            Instant deadline = api.deadline(box);
            running.awaitBreak();
            return Duration.between(deadline, InstantSource.system().instant()).toNanos() / 1e6;
        }
    }
}

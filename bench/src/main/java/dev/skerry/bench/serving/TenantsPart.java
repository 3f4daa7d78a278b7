package dev.skerry.bench.serving;

import dev.skerry.bench.Contest;
import dev.skerry.bench.Distribution;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** What it costs to keep tenants apart, and what one of them hears of another. */
final class TenantsPart {
    private static final int CALLERS = 8;
    private static final int CREATES_EACH = 32;
    private static final int NOISY_CALLERS = 64;
    private static final int QUIET_CREATES = 20;

    private final ServerBenchSettings settings;
    private final Consumer<String> progress;

    TenantsPart(ServerBenchSettings settings, Consumer<String> progress) {
        this.settings = settings;
        this.progress = progress;
    }

    private int rounds() {
        return Math.max(3, settings.rounds() / 5);
    }

    /**
     * @param open a server without limits, which one tenant uses
     * @param limited another, with limits, which as many tenants use as there are callers
     */
    List<Contest.Result> overhead(ServerUnderTest open, ServerUnderTest limited) throws Exception {
        progress.accept("tenancy checks");
        List<Api> all = new ArrayList<>();
        try {
            List<Api> one = new ArrayList<>();
            List<Api> several = new ArrayList<>();
            Api operator = limited.client();
            all.add(operator);
            for (int i = 0; i < CALLERS; i++) {
                one.add(open.client());
                several.add(operator.tenant("tenant-" + i, Map.of("sandboxes", 1L << 40, "memoryBytes", 1L << 60)));
            }
            all.addAll(one);
            all.addAll(several);
            Map<String, Callers> sides = new LinkedHashMap<>();
            sides.put("one tenant, no quotas, no rates", new Callers());
            sides.put(CALLERS + " tenants with quotas and rates", new Callers());
            for (int round = -5; round < rounds(); round++) {
                if (round == 0) {
                    sides.values().forEach(Callers::forget);
                }
                int side = 0;
                for (Callers callers : sides.values()) {
                    callers.round(actions(side++ == 0 ? one : several), CREATES_EACH);
                }
            }
            return SandboxPart.both("create on a simulated host, SQLite, " + CALLERS + " callers", sides);
        } finally {
            closeAll(all);
        }
    }

    private static List<Callers.Action> actions(List<Api> clients) {
        return clients.stream()
                .map(api -> (Callers.Action) () -> api.create(Map.of()))
                .toList();
    }

    /** A tenant that makes a sandbox now and then, next to one that never stops. */
    Contest.Result neighbour(ServerUnderTest server) throws Exception {
        progress.accept("a noisy neighbour");
        List<Api> all = new ArrayList<>();
        try {
            Api operator = server.client();
            all.add(operator);
            Api quiet = operator.tenant("quiet", Map.of());
            all.add(quiet);
            Map<String, List<Api>> noises = new LinkedHashMap<>();
            noises.put("alone", List.of());
            noises.put(
                    "beside " + NOISY_CALLERS + " callers with a quota of 10 a second",
                    callers(operator.tenant("noisy", Map.of("createsPerSecond", 10L)), all));
            noises.put(
                    "beside " + NOISY_CALLERS + " callers without a quota",
                    callers(operator.tenant("unlimited", Map.of()), all));
            Map<String, List<Double>> values = new LinkedHashMap<>();
            noises.keySet().forEach(name -> values.put(name, new ArrayList<>()));
            for (int round = -3; round < rounds(); round++) {
                for (Map.Entry<String, List<Api>> noise : noises.entrySet()) {
                    List<Double> measured = beside(noise.getValue(), quiet);
                    if (round >= 0) {
                        values.get(noise.getKey()).addAll(measured);
                    }
                }
            }
            Map<String, Distribution> sides = new LinkedHashMap<>();
            values.forEach((name, measured) -> sides.put(name, new Distribution("ms", measured)));
            return new Contest.Result("create of a quiet tenant, simulated host, SQLite", sides);
        } finally {
            closeAll(all);
        }
    }

    private static List<Api> callers(Api first, List<Api> all) throws IOException {
        List<Api> callers = new ArrayList<>(List.of(first));
        while (callers.size() < NOISY_CALLERS) {
            callers.add(first.another());
        }
        all.addAll(callers);
        return callers;
    }

    private static List<Double> beside(List<Api> noisy, Api quiet) throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        List<Double> millis = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Void>> noise = new ArrayList<>();
            for (Api api : noisy) {
                noise.add(threads.submit(() -> {
                    while (!over.get()) {
                        expect(api.tryCreate());
                    }
                    return null;
                }));
            }
            try {
                for (int i = 0; i < QUIET_CREATES; i++) {
                    long start = System.nanoTime();
                    quiet.create(Map.of());
                    millis.add((System.nanoTime() - start) / 1e6);
                }
            } finally {
                over.set(true);
            }
            for (Future<Void> each : noise) {
                each.get();
            }
        }
        return millis;
    }

    private static void expect(int status) {
        if (status != 201 && status != 429) {
            throw new IllegalStateException("answered " + status);
        }
    }

    private static void closeAll(List<Api> clients) throws IOException {
        for (Api client : clients) {
            client.close();
        }
    }
}

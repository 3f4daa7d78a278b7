package dev.skerry.bench.serving;

import dev.skerry.bench.Contest;
import dev.skerry.bench.Distribution;
import dev.skerry.bench.Side;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Real sandboxes, level container, through the API. */
final class SandboxPart {
    private static final String TRUE = "/bin/true";
    private static final int READY_MIN = 2;
    private static final String READY = "base+sandbox=" + READY_MIN + "..4";
    private static final Duration FILLING = Duration.ofSeconds(10);
    private static final Duration LOOKING = Duration.ofMillis(5);
    private static final int EXECS_PER_ROUND = 128;
    private static final int EXEC_WARMUP_ROUNDS = 6;
    private static final int STREAMS_PER_SANDBOX = 50;
    private static final int STREAM_ROUNDS = 3;

    private final ServerUnderTest server;
    private final ServerBenchSettings settings;
    private final Consumer<String> progress;

    SandboxPart(ServerUnderTest server, ServerBenchSettings settings, Consumer<String> progress) {
        this.server = server;
        this.settings = settings;
        this.progress = progress;
    }

    private static void bare() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(TRUE).start();
        if (process.getInputStream().read() >= 0 || process.waitFor() != 0) {
            throw new IllegalStateException(TRUE + " failed");
        }
    }

    /**
     * Made after the request, or ready before it, by two servers in turn; which it was is not believed but asked.
     *
     * @param second keeps sandboxes ready
     */
    Contest.Result create(ServerUnderTest second) throws Exception {
        List<Api.Box> over = new ArrayList<>();
        List<Api.Box> overThere = new ArrayList<>();
        try (Api cold = server.client();
                Api other = server.client();
                Api warm = second.client();
                Api pools = second.client()) {
            other.pools();
            pools.pools(READY);
            Contest.Result result = new Contest(
                            "create through the API: cold, and warm",
                            "ms",
                            settings.warmups(),
                            settings.rounds(),
                            List.of(
                                    Side.timed("bare process", SandboxPart::bare),
                                    new Side(
                                            "cold create to its answer",
                                            () -> timed(other, over, () -> over.add(cold.create(Map.of())))),
                                    new Side(
                                            "cold create to the end of `true` in it",
                                            () -> timed(other, over, () -> use(cold, over))),
                                    new Side(
                                            "warm create to its answer",
                                            () -> warm(pools, overThere, () -> overThere.add(warm.create(Map.of())))),
                                    new Side(
                                            "warm create to the end of `true` in it",
                                            () -> warm(pools, overThere, () -> use(warm, overThere)))))
                    .run(progress);
            end(other, over);
            end(pools, overThere);
            return result;
        }
    }

    private static double timed(Api other, List<Api.Box> over, Side.Action action) throws Exception {
        end(other, over);
        long start = System.nanoTime();
        action.run();
        return (System.nanoTime() - start) / 1e6;
    }

    private static void use(Api api, List<Api.Box> over) throws IOException {
        Api.Box box = api.create(Map.of());
        api.run(box, TRUE, List.of());
        over.add(box);
    }

    private static double warm(Api pools, List<Api.Box> over, Side.Action action) throws Exception {
        end(pools, over);
        long until = System.nanoTime() + FILLING.toNanos();
        Api.Pool before = pools.pool();
        while (before.ready() < READY_MIN || before.starting() > 0) {
            if (System.nanoTime() > until) {
                throw new IllegalStateException("the pool is not filled: " + before);
            }
            Thread.sleep(LOOKING);
            before = pools.pool();
        }
        double took = timed(pools, over, action);
        if (pools.pool().hits() != before.hits() + 1) {
            throw new IllegalStateException("that was no warm create");
        }
        return took;
    }

    private static void end(Api api, List<Api.Box> over) throws IOException {
        for (Api.Box box : over) {
            api.kill(box);
        }
        over.clear();
    }

    /** How long each takes, and how many a second. */
    List<Contest.Result> exec() throws Exception {
        progress.accept("exec");
        Map<String, Callers> sides = new LinkedHashMap<>();
        sides.put("bare process from the JVM, 1 caller", new Callers());
        settings.callers().forEach(callers -> sides.put(name(callers), new Callers()));
        try (Api api = server.client()) {
            Api.Box box = api.create(Map.of());
            List<Api> connections = new ArrayList<>();
            int most = settings.callers().stream().max(Integer::compare).orElseThrow();
            for (int i = 0; i < most; i++) {
                connections.add(api.another());
            }
            try {
                int rounds = Math.max(3, settings.rounds() / 10);
                for (int round = -EXEC_WARMUP_ROUNDS; round < rounds; round++) {
                    if (round == 0) {
                        sides.values().forEach(Callers::forget);
                    }
                    sides.get("bare process from the JVM, 1 caller").round(List.of(SandboxPart::bare), 20);
                    for (int callers : settings.callers()) {
                        List<Callers.Action> actions = new ArrayList<>();
                        connections
                                .subList(0, callers)
                                .forEach(each -> actions.add(() -> each.run(box, TRUE, List.of())));
                        sides.get(name(callers)).round(actions, Math.max(4, EXECS_PER_ROUND / callers));
                    }
                }
            } finally {
                for (Api connection : connections) {
                    connection.close();
                }
                api.kill(box);
            }
        }
        return both("exec of `true` through the API", sides);
    }

    static List<Contest.Result> both(String title, Map<String, Callers> sides) {
        Map<String, Distribution> latencies = new LinkedHashMap<>();
        Map<String, Distribution> rates = new LinkedHashMap<>();
        sides.forEach((name, callers) -> {
            latencies.put(name, callers.latencies());
            rates.put(name, callers.rates());
        });
        return List.of(new Contest.Result(title, latencies), new Contest.Result(title + ": how many a second", rates));
    }

    static String name(int callers) {
        return callers == 1 ? "1 caller" : callers + " callers";
    }

    /** A program that waits for input, and the connection that shows its output. */
    private record Open(Api api, Api.Box box, Api.Running running) {}

    Contest.Result streams() throws Exception {
        progress.accept(settings.streams() + " streams");
        Map<String, Distribution> sides = new LinkedHashMap<>();
        List<Api.Box> boxes = new ArrayList<>();
        List<Open> streams = new ArrayList<>();
        List<Double> opening = new ArrayList<>();
        try (Api api = server.client()) {
            for (int i = 0; i < settings.streams(); i++) {
                if (i % STREAMS_PER_SANDBOX == 0) {
                    boxes.add(api.create(Map.of()));
                }
                Api own = api.another();
                long start = System.nanoTime();
                Api.Running running = own.start(boxes.getLast(), "/bin/cat", List.of(), true);
                opening.add((System.nanoTime() - start) / 1e6);
                streams.add(new Open(own, boxes.getLast(), running));
                if (i == 0) {
                    sides.put("one message, 1 stream open", new Distribution("ms", echoes(api, streams, 100)));
                }
            }
            sides.put("opening one (`cat` is started)", new Distribution("ms", opening));
            sides.put(
                    "one message, " + settings.streams() + " streams open, each in turn",
                    new Distribution("ms", echoes(api, streams, STREAM_ROUNDS)));
            for (Open stream : streams) {
                stream.api().close();
            }
            end(api, boxes);
        }
        return new Contest.Result("streams through the API, `cat` in each: input to its output", sides);
    }

    private static List<Double> echoes(Api api, List<Open> streams, int rounds) throws IOException {
        List<Double> values = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            for (Open stream : streams) {
                String text = "message " + values.size();
                long start = System.nanoTime();
                api.input(stream.box(), stream.running().pid(), text);
                StringBuilder echo = new StringBuilder();
                while (echo.length() < text.length()) {
                    Optional<JsonNode> event = stream.running().next();
                    echo.append(Api.text(event.orElseThrow().path("data").path("stdout")));
                }
                values.add((System.nanoTime() - start) / 1e6);
                if (!echo.toString().equals(text)) {
                    throw new IllegalStateException("sent '" + text + "', got '" + echo + "'");
                }
            }
        }
        return values;
    }
}

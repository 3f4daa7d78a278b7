package dev.skerry.bench.serving;

import dev.skerry.bench.Contest;
import dev.skerry.bench.Side;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Requests to a program inside a sandbox, next to the same program on the host: behind nginx, and with no proxy. */
final class GatewayPart {
    private static final int PORT = 8080;
    private static final String INSIDE = "/tmp/bench";
    private static final String SMALL = "small";
    private static final String BIG = "big";
    private static final byte[] SMALL_BODY = "x".repeat(128).getBytes(StandardCharsets.US_ASCII);
    private static final int BIG_MIB = 64;
    private static final byte[] NOTHING = {};
    private static final int LATENCIES_PER_ROUND = 20;
    private static final int LOAD_CALLERS = 8;
    private static final int LOAD_EACH = 250;
    /** Of each caller for each of the rounds that are measured: until then the JVM's compilers take CPU, too. */
    private static final int WARMUP_EACH_PER_ROUND = 250;

    private static final int BUFFER_BYTES = 256 << 10;
    private static final int START_TRIES = 250;

    private final ServerUnderTest server;
    private final ServerBenchSettings settings;
    private final Consumer<String> progress;

    GatewayPart(ServerUnderTest server, ServerBenchSettings settings, Consumer<String> progress) {
        this.server = server;
        this.settings = settings;
        this.progress = progress;
    }

    /** One caller's way to the program. Every way has a connection that is kept open, and a buffer. */
    private interface Way extends AutoCloseable {
        /** Bytes of the answer. */
        long get(String file) throws IOException;

        @Override
        void close() throws IOException;
    }

    /** Makes ways for callers. */
    private interface Ways {
        Way open() throws IOException;
    }

    private static Way direct(Nginx nginx) throws IOException {
        Connection connection = new Connection(nginx.origin());
        byte[] buffer = new byte[BUFFER_BYTES];
        return new Way() {
            @Override
            public long get(String file) throws IOException {
                return Api.drained(connection.send("GET", "/" + file, Map.of(), NOTHING), buffer);
            }

            @Override
            public void close() throws IOException {
                connection.close();
            }
        };
    }

    private static Way inside(Api api, Api.Box box) {
        byte[] buffer = new byte[BUFFER_BYTES];
        return new Way() {
            @Override
            public long get(String file) throws IOException {
                return api.get(box, PORT, "/" + file, buffer);
            }

            @Override
            public void close() throws IOException {
                api.close();
            }
        };
    }

    List<Contest.Result> run(Path scratch) throws Exception {
        Path files = Files.createDirectories(scratch.resolve("upstream/files"));
        Files.write(files.resolve(SMALL), SMALL_BODY);
        Files.write(files.resolve(BIG), new byte[BIG_MIB << 20]);
        try (Nginx upstream = Nginx.serving(scratch.resolve("upstream"));
                Nginx proxy = Nginx.before(scratch.resolve("proxy"), upstream);
                Api api = server.client()) {
            Api.Box box = api.create(Map.of());
            startInside(api, box);
            Map<String, Ways> ways = new LinkedHashMap<>();
            ways.put("nginx before the program on the host", () -> direct(proxy));
            ways.put("skerry before the program in a sandbox", () -> inside(api.another(), box));
            ways.put("no proxy, the program on the host", () -> direct(upstream));
            List<Contest.Result> results = new ArrayList<>();
            results.addAll(small(ways));
            results.add(big(ways));
            api.kill(box);
            return results;
        }
    }

    private static void startInside(Api api, Api.Box box) throws IOException, InterruptedException {
        api.upload(box, INSIDE + "/nginx.conf", Nginx.upstream(INSIDE, PORT).getBytes(StandardCharsets.US_ASCII));
        api.upload(box, INSIDE + "/files/" + SMALL, SMALL_BODY);
        api.run(box, "/usr/bin/truncate", List.of("-s", BIG_MIB + "M", INSIDE + "/files/" + BIG));
        api.run(
                box,
                "/bin/sh",
                List.of(
                        "-c",
                        "setsid " + Nginx.PROGRAM + " -e " + INSIDE + "/error.log -p " + INSIDE + " -c " + INSIDE
                                + "/nginx.conf </dev/null >/dev/null 2>&1 &"));
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int tries = 0; ; tries++) {
            try {
                if (api.get(box, PORT, "/" + SMALL, buffer) == SMALL_BODY.length) {
                    return;
                }
            } catch (IllegalStateException e) {
                if (tries == START_TRIES) {
                    throw new IllegalStateException("nginx does not answer in the sandbox", e);
                }
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    /** Several callers, then one. */
    private List<Contest.Result> small(Map<String, Ways> ways) throws Exception {
        progress.accept("gateway, small answers");
        List<Contest.Result> results = new ArrayList<>();
        for (int callers : List.of(LOAD_CALLERS, 1)) {
            Map<String, Callers> sides = new LinkedHashMap<>();
            ways.keySet().forEach(name -> sides.put(name, new Callers()));
            Map<String, List<Way>> open = new LinkedHashMap<>();
            try {
                for (Map.Entry<String, Ways> each : ways.entrySet()) {
                    List<Way> own = new ArrayList<>();
                    open.put(each.getKey(), own);
                    for (int i = 0; i < callers; i++) {
                        own.add(each.getValue().open());
                    }
                }
                warm(open.values());
                rounds(callers, sides, open);
            } finally {
                for (List<Way> own : open.values()) {
                    for (Way way : own) {
                        way.close();
                    }
                }
            }
            results.addAll(SandboxPart.both(
                    "GET of " + SMALL_BODY.length + " bytes from a program, " + SandboxPart.name(callers), sides));
        }
        return results;
    }

    private void warm(Collection<List<Way>> open) throws Exception {
        // In turns: a server closes what is idle for a minute.
        for (int round = 0; round < settings.rounds(); round++) {
            for (List<Way> ways : open) {
                List<Callers.Action> actions = new ArrayList<>();
                ways.forEach(way -> actions.add(() -> expect(way.get(SMALL), SMALL_BODY.length)));
                new Callers().round(actions, WARMUP_EACH_PER_ROUND);
            }
        }
    }

    private void rounds(int callers, Map<String, Callers> sides, Map<String, List<Way>> open) throws Exception {
        int rounds = callers == 1 ? settings.rounds() : Math.max(3, settings.rounds() / 5);
        int warmups = callers == 1 ? 5 * settings.warmups() : 3;
        for (int round = -warmups; round < rounds; round++) {
            if (round == 0) {
                sides.values().forEach(Callers::forget);
            }
            for (Map.Entry<String, Callers> side : sides.entrySet()) {
                List<Callers.Action> actions = new ArrayList<>();
                open.get(side.getKey()).forEach(way -> actions.add(() -> expect(way.get(SMALL), SMALL_BODY.length)));
                side.getValue().round(actions, callers == 1 ? LATENCIES_PER_ROUND : LOAD_EACH);
            }
        }
    }

    private static void expect(long bytes, long expected) {
        if (bytes != expected) {
            throw new IllegalStateException("got " + bytes + " bytes of " + expected);
        }
    }

    private Contest.Result big(Map<String, Ways> ways) throws Exception {
        List<Side> sides = new ArrayList<>();
        List<Way> open = new ArrayList<>();
        try {
            for (Map.Entry<String, Ways> each : ways.entrySet()) {
                Way way = each.getValue().open();
                open.add(way);
                sides.add(new Side(each.getKey(), () -> {
                    long start = System.nanoTime();
                    expect(way.get(BIG), (long) BIG_MIB << 20);
                    return (BIG_MIB << 20) / 1e6 / ((System.nanoTime() - start) / 1e9);
                }));
            }
            return new Contest(
                            "GET of " + BIG_MIB + " MiB from a program",
                            "MB/s",
                            3,
                            Math.max(5, settings.rounds() / 4),
                            sides)
                    .run(progress);
        } finally {
            for (Way way : open) {
                way.close();
            }
        }
    }
}

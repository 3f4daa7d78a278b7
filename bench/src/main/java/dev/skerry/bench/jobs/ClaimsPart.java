package dev.skerry.bench.jobs;

import dev.skerry.bench.Contest;
import dev.skerry.bench.Distribution;
import dev.skerry.bench.Promise;
import dev.skerry.bench.jobs.PistonClient.Wishes;
import dev.skerry.bench.serving.Callers;
import dev.skerry.bench.serving.PoolsKept;
import dev.skerry.bench.serving.ServerUnderTest;
import dev.skerry.bench.serving.ServerVariant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How many claims a second the control plane carries out: HTTP, keys, Piston's door, the queue and the pools are those
 * of a real server. Left out are the sandbox and the program in it: members of the pool are numbers, and each claim is
 * answered at once. Whoever asks has its share of the same processors.
 */
final class ClaimsPart {
    private static final int CALLERS = 64;

    /** Of each caller in a round: all together are a little less than a pool has at most. */
    private static final int EACH = 15;

    private static final int WARM_UP = 20;
    private static final int ROUNDS = 20;
    private static final double PROMISED = 1000;

    private final Path folder;
    private final Consumer<String> progress;

    /** @param folder for the data of two servers */
    ClaimsPart(Path folder, Consumer<String> progress) {
        this.folder = folder;
        this.progress = progress;
    }

    /** How long each takes, and how many a second. */
    List<Contest.Result> measure() throws Exception {
        progress.accept("claims on a simulated host");
        try (ServerUnderTest hits = start("hits", PoolsKept.A_THOUSAND);
                ServerUnderTest misses = start("misses", PoolsKept.DRAINED)) {
            Map<String, Side> sides = new LinkedHashMap<>();
            sides.put("claims that find one ready", new Side(hits, "warm"));
            sides.put("claims that find none", new Side(misses, "cold"));
            try {
                for (int round = -WARM_UP; round < ROUNDS; round++) {
                    for (Side side : sides.values()) {
                        side.round(round == 0);
                    }
                }
            } finally {
                for (Side side : sides.values()) {
                    side.close();
                }
            }
            Map<String, Distribution> latencies = new LinkedHashMap<>();
            Map<String, Distribution> rates = new LinkedHashMap<>();
            sides.forEach((name, side) -> {
                latencies.put(name, side.callers.latencies());
                rates.put(name, side.callers.rates());
            });
            String title = "claims through Piston's API, the driver simulated, " + CALLERS + " callers";
            return List.of(
                    new Contest.Result(title, latencies), new Contest.Result(title + ": how many a second", rates));
        }
    }

    /** Of the rates. */
    static List<Promise> promises(Contest.Result rates) {
        return rates.sides().entrySet().stream()
                .map(side -> Promise.atLeast(
                        side.getKey() + " a second, the driver simulated, median",
                        "≥ 1,000 a second",
                        PROMISED,
                        side.getValue().p50(),
                        "1/s"))
                .toList();
    }

    private ServerUnderTest start(String name, PoolsKept pools) throws IOException, InterruptedException {
        return ServerUnderTest.start(
                Files.createDirectory(folder.resolve(name)),
                ServerVariant.simulated(0).with(pools));
    }

    /** One server, and those who ask it. */
    private static final class Side {
        final Callers callers = new Callers();
        private final ServerUnderTest server;
        private final List<PistonClient> clients = new ArrayList<>();
        private final List<Callers.Action> actions = new ArrayList<>();

        /** @param start what every answer must say */
        Side(ServerUnderTest server, String start) throws IOException {
            this.server = server;
            for (int i = 0; i < CALLERS; i++) {
                PistonClient client = new PistonClient(server.origin(), Optional.of(server.key()));
                clients.add(client);
                actions.add(() -> {
                    String said = client.run(SmallProgram.PYTHON, Wishes.NONE).start();
                    if (!said.equals(start)) {
                        throw new IllegalStateException("a claim was to be " + start + ", and was " + said);
                    }
                });
            }
        }

        void round(boolean first) throws Exception {
            if (first) {
                callers.forget();
            }
            if (!ReadyPools.await(server)) {
                throw new IllegalStateException("the pool was not filled in time");
            }
            callers.round(actions, EACH);
        }

        void close() throws IOException {
            for (PistonClient client : clients) {
                client.close();
            }
        }
    }
}

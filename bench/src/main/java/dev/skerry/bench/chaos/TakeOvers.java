package dev.skerry.bench.chaos;

import dev.skerry.bench.Contest;
import dev.skerry.bench.Distribution;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * How long it takes from the end of the server that has the host until the other does everything with its sandboxes:
 * lists them, and runs a program in each. Both ways take turns.
 */
final class TakeOvers {
    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final Duration CALL = Duration.ofSeconds(2);
    private static final int SANDBOXES = 3;
    private static final int LIFETIME_SECONDS = 24 * 3600;

    private final ServerPair pair;
    private final Consumer<String> progress;

    TakeOvers(ServerPair pair, Consumer<String> progress) {
        this.pair = pair;
        this.progress = progress;
    }

    Contest.Result run(int rounds) throws IOException, InterruptedException {
        List<Box> boxes = new ArrayList<>();
        ServeProcess first = pair.holding(BOUND);
        for (int i = 0; i < SANDBOXES; i++) {
            boxes.add(pair.client().create(first.origin(), LIFETIME_SECONDS, BOUND));
        }
        Map<String, List<Double>> millis = new LinkedHashMap<>();
        for (int round = 0; round < rounds; round++) {
            for (String signal : List.of("KILL", "STOP")) {
                double took = measure(signal, boxes).toNanos() / 1e6;
                millis.computeIfAbsent("after SIG" + signal, _ -> new ArrayList<>())
                        .add(took);
                progress.accept("round " + (round + 1) + ", SIG" + signal + ": " + Math.round(took) + " ms");
            }
        }
        Map<String, Distribution> sides = new LinkedHashMap<>();
        millis.forEach((side, values) -> sides.put(side, new Distribution("ms", values)));
        return new Contest.Result("the other server has taken over " + SANDBOXES + " sandboxes", sides);
    }

    private Duration measure(String signal, List<Box> boxes) throws IOException, InterruptedException {
        ServeProcess holder = pair.holding(BOUND);
        ServeProcess other = pair.other(holder);
        pair.revive(other);
        long struck = System.nanoTime();
        holder.signal(signal);
        Waiting.until("the other server to take over", BOUND, () -> serves(other, boxes));
        Duration took = Duration.ofNanos(System.nanoTime() - struck);
        // A stopped one was ended by the other.
        if (!holder.await(BOUND)) {
            throw new IOException("server " + holder.name() + " lives after it was taken over from");
        }
        pair.revive(holder);
        return took;
    }

    private boolean serves(ServeProcess server, List<Box> boxes) throws InterruptedException {
        try {
            List<String> ids = pair.client().list(server.origin(), CALL);
            for (Box box : boxes) {
                if (!ids.contains(box.id())
                        || pair.client()
                                        .exec(server.origin(), box, "true", CALL)
                                        .exitCode()
                                != 0) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}

package dev.skerry.bench.judging;

import dev.skerry.bench.Contest;
import dev.skerry.bench.Distribution;
import dev.skerry.bench.Side;
import dev.skerry.bench.serving.Callers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** What is compared. Every answer is checked: a quick refusal must not count as a quick program. */
final class JudgingContests {
    private static final String BARE = "bare processes";

    private final JudgingSettings settings;
    private final List<Competitor> competitors;
    private final BareProcesses bare;
    private final Consumer<String> progress;

    JudgingContests(
            JudgingSettings settings, List<Competitor> competitors, BareProcesses bare, Consumer<String> progress) {
        this.settings = settings;
        this.competitors = List.copyOf(competitors);
        this.bare = bare;
        this.progress = progress;
    }

    /** One caller, whose sides take turns. */
    Contest.Result oneAfterTheOther(Program program) throws Exception {
        List<PistonClient> clients = new ArrayList<>();
        try {
            List<Side> sides = new ArrayList<>();
            sides.add(Side.timed(BARE, () -> bare.run(program)));
            for (Competitor competitor : competitors) {
                PistonClient client = competitor.client();
                clients.add(client);
                sides.add(Side.timed(competitor.name(), () -> client.run(program)));
            }
            return new Contest(program.title(), "ms", settings.warmups(), settings.rounds(), sides).run(progress);
        } finally {
            close(clients);
        }
    }

    /** Several callers at a time: how long each waits, and how many are done in a second. */
    List<Contest.Result> atATime(Program program) throws Exception {
        Map<String, Distribution> latencies = new LinkedHashMap<>();
        Map<String, Distribution> rates = new LinkedHashMap<>();
        for (int callers : settings.callers()) {
            progress.accept(program.title() + ", " + callers + " callers");
            Map<String, Callers> sides = new LinkedHashMap<>();
            Map<String, List<Callers.Action>> actions = new LinkedHashMap<>();
            List<PistonClient> clients = new ArrayList<>();
            try {
                actions.put(BARE, actions(callers, () -> bare.run(program)));
                for (Competitor competitor : competitors) {
                    List<Callers.Action> own = new ArrayList<>();
                    for (int i = 0; i < callers; i++) {
                        PistonClient client = competitor.client();
                        clients.add(client);
                        own.add(() -> client.run(program));
                    }
                    actions.put(competitor.name(), own);
                }
                actions.keySet().forEach(name -> sides.put(name, new Callers()));
                for (int round = 0; round < settings.callerRounds(); round++) {
                    for (Map.Entry<String, Callers> side : sides.entrySet()) {
                        side.getValue().round(actions.get(side.getKey()), settings.each());
                    }
                }
            } finally {
                close(clients);
            }
            sides.forEach((name, measured) -> {
                latencies.put(name + ", " + callers + " callers", measured.latencies());
                rates.put(name + ", " + callers + " callers", measured.rates());
            });
        }
        return List.of(
                new Contest.Result(program.title() + ", several callers", latencies),
                new Contest.Result(program.title() + ", several callers: how many a second", rates));
    }

    private static List<Callers.Action> actions(int count, Callers.Action action) {
        List<Callers.Action> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(action);
        }
        return all;
    }

    /** So many in the same moment; each must succeed. Next to it what the bare processes cost together. */
    Contest.Result burst(Competitor competitor, Program program) throws Exception {
        progress.accept(settings.burst() + " at once");
        Callers alone = new Callers();
        int processors = Runtime.getRuntime().availableProcessors();
        alone.round(actions(processors, () -> bare.run(program)), Math.ceilDiv(settings.burst(), processors));
        double bound = settings.burst() / alone.rates().p50() * 1000;
        List<PistonClient> clients = new ArrayList<>();
        try {
            List<Callers.Action> all = new ArrayList<>();
            for (int i = 0; i < settings.burst(); i++) {
                PistonClient client = competitor.client();
                clients.add(client);
                all.add(() -> client.run(program));
            }
            Callers together = new Callers();
            together.round(all, 1);
            Map<String, Distribution> sides = new LinkedHashMap<>();
            sides.put("all as bare processes, one a processor", new Distribution("ms", List.of(bound)));
            sides.put(competitor.name() + ", each from the first moment", together.latencies());
            return new Contest.Result(settings.burst() + " × " + program.title() + " at once", sides);
        } finally {
            close(clients);
        }
    }

    private static void close(List<PistonClient> clients) throws IOException {
        for (PistonClient client : clients) {
            client.close();
        }
    }
}

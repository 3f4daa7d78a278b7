package dev.skerry.bench.judging;

import dev.skerry.bench.Contest;
import dev.skerry.bench.Distribution;
import dev.skerry.bench.Side;
import dev.skerry.bench.jobs.BareShell;
import dev.skerry.bench.jobs.Program;
import dev.skerry.bench.serving.Callers;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    private final Path folder;
    private final Consumer<String> progress;

    /** @param folder in which bare processes have folders of their own */
    JudgingContests(JudgingSettings settings, List<Competitor> competitors, Path folder, Consumer<String> progress) {
        this.settings = settings;
        this.competitors = List.copyOf(competitors);
        this.folder = folder;
        this.progress = progress;
    }

    /** One caller, whose sides take turns. */
    Contest.Result oneAfterTheOther(Program program) throws Exception {
        List<PistonClient> clients = new ArrayList<>();
        try (BareShell bare = new BareShell()) {
            List<Side> sides = new ArrayList<>();
            String command = command(program);
            sides.add(new Side(BARE, () -> bare.run(command, program.prints())));
            for (Competitor competitor : competitors) {
                PistonClient client = competitor.client();
                clients.add(client);
                sides.add(Side.timed(competitor.name(), () -> client.run(program)));
            }
            return new Contest(program.name(), "ms", settings.warmups(), settings.rounds(), sides).run(progress);
        } finally {
            close(clients);
        }
    }

    /** Several callers at a time: how long each waits, and how many are done in a second. */
    List<Contest.Result> atATime(Program program) throws Exception {
        Map<String, Distribution> latencies = new LinkedHashMap<>();
        Map<String, Distribution> rates = new LinkedHashMap<>();
        for (int callers : settings.callers()) {
            progress.accept(program.name() + ", " + callers + " callers");
            Map<String, Callers> sides = new LinkedHashMap<>();
            Map<String, List<Callers.Action>> actions = new LinkedHashMap<>();
            List<PistonClient> clients = new ArrayList<>();
            List<BareShell> shells = new ArrayList<>();
            try {
                actions.put(BARE, bare(callers, program, shells));
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
                close(shells);
            }
            sides.forEach((name, measured) -> {
                latencies.put(name + ", " + callers + " callers", measured.latencies());
                rates.put(name + ", " + callers + " callers", measured.rates());
            });
        }
        return List.of(
                new Contest.Result(program.name() + ", several callers", latencies),
                new Contest.Result(program.name() + ", several callers: how many a second", rates));
    }

    /** Each with a shell and a folder of its own. */
    private List<Callers.Action> bare(int count, Program program, List<BareShell> shells) throws IOException {
        List<Callers.Action> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            BareShell shell = new BareShell();
            shells.add(shell);
            String command = command(program);
            all.add(() -> shell.run(command, program.prints()));
        }
        return all;
    }

    private String command(Program program) throws IOException {
        return program.command(Files.createTempDirectory(folder, "bare"));
    }

    /** So many in the same moment; each must succeed. Next to it what the bare processes cost together. */
    Contest.Result burst(Competitor competitor, Program program) throws Exception {
        progress.accept(settings.burst() + " at once");
        Callers alone = new Callers();
        int processors = Runtime.getRuntime().availableProcessors();
        List<BareShell> shells = new ArrayList<>();
        try {
            alone.round(bare(processors, program, shells), Math.ceilDiv(settings.burst(), processors));
        } finally {
            close(shells);
        }
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
            return new Contest.Result(settings.burst() + " × " + program.name() + " at once", sides);
        } finally {
            close(clients);
        }
    }

    private static void close(List<? extends Closeable> all) throws IOException {
        for (Closeable one : all) {
            one.close();
        }
    }
}

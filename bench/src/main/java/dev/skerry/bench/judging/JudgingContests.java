package dev.skerry.bench.judging;

import dev.skerry.bench.Contest;
import dev.skerry.bench.Distribution;
import dev.skerry.bench.jobs.BareShell;
import dev.skerry.bench.jobs.PistonClient;
import dev.skerry.bench.jobs.PistonClient.Wishes;
import dev.skerry.bench.jobs.SmallProgram;
import dev.skerry.bench.serving.Callers;
import dev.skerry.bench.serving.PoolsKept;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What is compared. Every answer is checked: a quick refusal must not count as a quick program. Under which row it
 * counts is up to what it says of its sandbox.
 */
final class JudgingContests {
    static final String BARE = "bare processes";
    /** Follows a row's name: compilers never wait for their job, what they made may be run by what waits. */
    static final String ALONE = ", its run alone";

    static final String BURST_BARE = "all as bare processes, one a processor";

    /** Pools of one language and those with nothing started have no more together. */
    private static final int READY_MOST = 16;

    private static final int WARMING_CALLERS = 4;

    /** So many rounds with several callers. */
    private static final int WARMING_TIMES = 5;

    private final JudgingSettings settings;
    private final List<Competitor> competitors;
    private final Path folder;
    private final Still still;
    private final Consumer<String> progress;

    /** Waits until nothing is done any more for what was measured last: before each that is timed. */
    @FunctionalInterface
    interface Still {
        void await() throws IOException, InterruptedException;
    }

    /** @param folder in which bare processes have folders of their own */
    JudgingContests(
            JudgingSettings settings,
            List<Competitor> competitors,
            Path folder,
            Still still,
            Consumer<String> progress) {
        this.settings = settings;
        this.competitors = List.copyOf(competitors);
        this.folder = folder;
        this.still = still;
        this.progress = progress;
    }

    /** Lets each server work for a while, so that what its JVM compiles late is compiled. */
    void warmUp(SmallProgram program) throws Exception {
        for (Competitor competitor : those(program)) {
            progress.accept("warming up " + competitor.name());
            List<Closeable> open = new ArrayList<>();
            try {
                new Callers()
                        .during(
                                callers(WARMING_CALLERS, competitor, program, new Rows(), open),
                                settings.each().multipliedBy(WARMING_TIMES));
            } finally {
                close(open);
            }
        }
    }

    /** One caller's turn: measures, and says under which row. */
    private interface Turn {
        void take(Rows rows) throws Exception;
    }

    /** One caller, whose sides take turns. */
    Contest.Result oneAfterTheOther(SmallProgram program) throws Exception {
        progress.accept(program.name());
        Rows rows = new Rows();
        List<PistonClient> clients = new ArrayList<>();
        try (BareShell bare = new BareShell()) {
            List<Turn> turns = new ArrayList<>();
            String command = command(program);
            turns.add(all -> all.add(BARE, bare.run(command, program.prints())));
            if (program.waits()) {
                // In the folder in which the turn before has compiled it.
                SmallProgram.running(command)
                        .ifPresent(run -> turns.add(all -> all.add(BARE + ALONE, bare.run(run, program.prints()))));
            }
            for (Competitor competitor : those(program)) {
                PistonClient client = competitor.client();
                clients.add(client);
                turns.add(turn(competitor, client, program, Wishes.NONE));
                if (competitor.pools() == PoolsKept.FILLED && program.waits()) {
                    turns.add(turn(competitor, client, program, new Wishes("", false)));
                }
            }
            long end = System.nanoTime() + settings.most(program).toNanos();
            for (int round = -settings.warmups(program); settings.another(program, round, end); round++) {
                if (round == 0) {
                    rows.forget();
                }
                for (int i = 0; i < turns.size(); i++) {
                    still.await();
                    // Each goes first in turn: what one leaves in caches does not always help the same other.
                    turns.get((i + Math.max(round, 0)) % turns.size()).take(rows);
                }
            }
        } finally {
            close(clients);
        }
        return new Contest.Result(program.name(), rows.distributions("ms"));
    }

    private static Turn turn(Competitor competitor, PistonClient client, SmallProgram program, Wishes wishes) {
        return rows -> {
            long start = System.nanoTime();
            PistonClient.Answer answer = client.run(program, wishes);
            String row = competitor.row(answer.start());
            rows.add(row, (System.nanoTime() - start) / 1e6);
            if (program.waits() && SmallProgram.running(program.bare()).isPresent()) {
                rows.add(row + ALONE, (double) answer.ran().toMillis());
            }
        };
    }

    /** Several callers at a time: how long each waits, and how many are done in a second. */
    List<Contest.Result> atATime(SmallProgram program) throws Exception {
        Map<String, Distribution> latencies = new LinkedHashMap<>();
        Map<String, Distribution> rates = new LinkedHashMap<>();
        for (int callers : settings.callers()) {
            progress.accept(program.name() + ", " + callers + " callers");
            Rows rows = new Rows();
            Map<String, Callers> sides = new LinkedHashMap<>();
            Map<String, List<Callers.Action>> actions = new LinkedHashMap<>();
            List<Closeable> open = new ArrayList<>();
            try {
                actions.put(BARE, bare(callers, program, rows, open));
                for (Competitor competitor : those(program)) {
                    actions.put(competitor.name(), callers(callers, competitor, program, rows, open));
                }
                actions.keySet().forEach(name -> sides.put(name, new Callers()));
                for (int round = 0; round < settings.callerRounds(program); round++) {
                    for (Map.Entry<String, Callers> side : sides.entrySet()) {
                        still.await();
                        side.getValue().during(actions.get(side.getKey()), settings.each());
                    }
                }
            } finally {
                close(open);
            }
            String suffix = suffix(callers);
            rows.distributions("ms").forEach((name, values) -> latencies.put(name + suffix, values));
            sides.forEach((name, measured) -> rates.put(name + suffix, measured.rates()));
        }
        return List.of(
                new Contest.Result(program.name() + ", several callers", latencies),
                new Contest.Result(rates(program), rates));
    }

    static String suffix(int callers) {
        return ", " + callers + " callers";
    }

    /** The title of how many a second. */
    static String rates(SmallProgram program) {
        return program.name() + ", several callers: how many a second";
    }

    private List<Competitor> those(SmallProgram program) {
        return competitors.stream().filter(each -> each.has(program)).toList();
    }

    /** Each with a shell and a folder of its own. */
    private List<Callers.Action> bare(int count, SmallProgram program, Rows rows, List<Closeable> open)
            throws IOException {
        List<Callers.Action> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            BareShell shell = new BareShell();
            open.add(shell);
            String command = command(program);
            all.add(() -> rows.add(BARE, shell.run(command, program.prints())));
        }
        return all;
    }

    private static List<Callers.Action> callers(
            int count, Competitor competitor, SmallProgram program, Rows rows, List<Closeable> open)
            throws IOException {
        List<Callers.Action> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            PistonClient client = competitor.client();
            open.add(client);
            Turn turn = turn(competitor, client, program, Wishes.NONE);
            all.add(() -> turn.take(rows));
        }
        return all;
    }

    private String command(SmallProgram program) throws IOException {
        return program.command(Files.createTempDirectory(folder, "bare"));
    }

    /**
     * So many in the same moment, each of which must succeed, in turn with as many bare processes, one a processor at a
     * time, all of which together are one value. Those servers whose pools had some ready are asked for these before.
     */
    Contest.Result burst(SmallProgram program, List<Competitor> whose) throws Exception {
        int processors = Runtime.getRuntime().availableProcessors();
        Rows rows = new Rows();
        for (int burst = 0; burst < settings.bursts(); burst++) {
            progress.accept(settings.burst() + " at once");
            still.await();
            List<Closeable> open = new ArrayList<>();
            try {
                Callers alone = new Callers();
                alone.round(bare(processors, program, new Rows(), open), Math.ceilDiv(settings.burst(), processors));
                rows.add(BURST_BARE, settings.burst() / alone.rates().p50() * 1000);
                for (Competitor competitor : whose) {
                    still.await();
                    int ready = competitor.pools() == PoolsKept.FILLED ? READY_MOST : 0;
                    List<Callers.Action> drain = callers(ready, competitor, program, new Rows(), open);
                    List<Callers.Action> all = callers(settings.burst(), competitor, program, rows, open);
                    new Callers().round(drain, 1);
                    new Callers().round(all, 1);
                }
            } finally {
                close(open);
            }
        }
        return new Contest.Result(settings.burst() + " × " + program.name() + " at once", rows.distributions("ms"));
    }

    private static void close(List<? extends Closeable> all) throws IOException {
        for (Closeable one : all) {
            one.close();
        }
    }
}

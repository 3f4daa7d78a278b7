package dev.skerry.bench;

import dev.skerry.host.engine.Engine;
import dev.skerry.wire.Isolation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/** The whole run of {@code skerry bench}. */
public final class Benchmark {
    private static final int RATE_ROUNDS = 5;
    private static final int SANDBOXES_PER_CALLER = 10;

    private Benchmark() {}

    /**
     * Writes {@code engine.json}, {@code engine.md} and {@code engine.svg} into the settings' folder; returns the
     * tables.
     */
    public static String run(Engine engine, BenchSettings settings, Consumer<String> progress) throws Exception {
        Report report = new Report(machine(engine));
        Path scratch = Machine.scratch();
        Scenarios scenarios = new Scenarios(engine, settings, scratch);
        try {
            List<Callable<Contest>> contests = List.of(
                    scenarios::coldTrue,
                    scenarios::coldPython,
                    scenarios::exec,
                    scenarios::kill,
                    scenarios::read,
                    scenarios::write);
            for (Callable<Contest> contest : contests) {
                report.add(contest.call().run(progress));
                scenarios.end();
            }
            Load load = new Load(engine, Isolation.CONTAINER);
            progress.accept("creates a second");
            report.add(new Contest.Result(
                    "create, run `true`, destroy: sandboxes a second",
                    load.rates(settings.callers(), SANDBOXES_PER_CALLER, RATE_ROUNDS)));
            Map<String, Distribution> idle = new LinkedHashMap<>();
            for (int count : settings.idleCounts()) {
                progress.accept("memory of " + count + " idle sandboxes");
                idle.putAll(load.idle(count));
            }
            report.add(new Contest.Result("memory of one idle sandbox, shim included", idle));
        } finally {
            scenarios.end();
            Machine.delete(scratch);
        }
        report.write(settings.output(), "engine");
        return report.markdown();
    }

    private static Map<String, String> machine(Engine engine) throws IOException {
        Map<String, String> facts = Machine.facts();
        engine.drivers().available().forEach(driver -> facts.put(driver.level().label(), driver.runtime()));
        return facts;
    }
}

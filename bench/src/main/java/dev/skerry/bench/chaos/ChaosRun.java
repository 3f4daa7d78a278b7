package dev.skerry.bench.chaos;

import dev.skerry.bench.chaos.Checker.Violation;
import dev.skerry.bench.chaos.Schedule.Planned;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** One run: clients ask, faults are done, everything comes to rest, and the checker says what was wrong. */
final class ChaosRun {
    private static final Duration SETTLED = Duration.ofMinutes(10);
    private static final Duration CLIENTS_END = Duration.ofMinutes(2);

    private final ChaosSettings settings;
    private final ServerPair pair;
    private final Consumer<String> progress;
    private final InstantSource clock = InstantSource.system();
    private final Journal journal = new Journal();
    private final Population population = new Population();

    ChaosRun(ChaosSettings settings, ServerPair pair, Consumer<String> progress) {
        this.settings = settings;
        this.pair = pair;
        this.progress = progress;
    }

    /**
     * What came of it.
     *
     * @param seconds from the first fault to the last
     */
    record Outcome(Journal journal, List<Watch.Outage> outages, double seconds, List<Violation> violations) {}

    Outcome run() throws IOException, InterruptedException, SQLException {
        HostView host = new HostView(pair.instance(), pair.data());
        Nemesis nemesis = new Nemesis(pair, host, journal, clock, progress);
        List<Thread> clients = clients();
        List<Watch.Outage> outages;
        double seconds;
        try (Watch watch = new Watch(pair, journal, clock).start()) {
            Waiting.until(settings.live() + " sandboxes", SETTLED, () -> population.size() >= settings.live());
            progress.accept(settings.live() + " sandboxes live");
            long began = System.nanoTime();
            strike(nemesis, began);
            seconds = (System.nanoTime() - began) / 1e9;
            nemesis.relent();
            outages = watch.outages();
        } finally {
            clients.forEach(Thread::interrupt);
        }
        for (Thread client : clients) {
            client.join(CLIENTS_END);
        }
        progress.accept("the faults are over");
        Facts facts = new Inspection(pair, host).run(population);
        return new Outcome(journal, outages, seconds, Checker.check(journal, facts));
    }

    private List<Thread> clients() {
        List<Thread> clients = new ArrayList<>();
        for (int i = 1; i <= settings.clients(); i++) {
            clients.add(Thread.ofVirtual()
                    .name("client-" + i)
                    .start(new Worker(i, settings, pair, population, journal, clock)));
        }
        return clients;
    }

    private void strike(Nemesis nemesis, long began) throws IOException, InterruptedException {
        Schedule schedule = new Schedule(settings);
        int done = 0;
        while (done < settings.faults()
                && System.nanoTime() - began < settings.bound().toNanos()) {
            Planned planned = schedule.next();
            if (nemesis.strike(planned)) {
                done++;
            }
            TimeUnit.MILLISECONDS.sleep(planned.pauseMillis());
        }
    }
}

package dev.skerry.bench.chaos;

import dev.skerry.bench.chaos.Journal.Fault;
import dev.skerry.bench.chaos.Schedule.Planned;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Does the faults, one after the other, and undoes what can be undone. */
final class Nemesis {
    private static final Duration AWAY = Duration.ofSeconds(30);
    private static final Duration SOME_SECONDS = Duration.ofSeconds(6);
    private static final Duration FREEZE_MAX = Duration.ofSeconds(8);
    private static final Duration HOLDER_BOUND = Duration.ofMinutes(2);
    private static final long LEAST_MILLIS = 200;

    private final ServerPair pair;
    private final HostView host;
    private final Journal journal;
    private final InstantSource clock;
    private final Consumer<String> progress;

    Nemesis(ServerPair pair, HostView host, Journal journal, InstantSource clock, Consumer<String> progress) {
        this.pair = pair;
        this.host = host;
        this.journal = journal;
        this.clock = clock;
        this.progress = progress;
    }

    /** What was hit. */
    private record Hit(Optional<String> sandbox, String detail) {
        static Hit of(String detail) {
            return new Hit(Optional.empty(), detail);
        }
    }

    private void note(Planned planned, Hit hit, long began) {
        journal.add(new Fault(planned.number(), planned.kind(), hit.sandbox(), began, clock.millis(), hit.detail()));
        progress.accept("fault " + planned.number() + ": " + planned.kind().words() + " (" + hit.detail() + "), "
                + (clock.millis() - began) + " ms");
    }

    /** Whether there was something that it could be done to. */
    boolean strike(Planned planned) throws IOException, InterruptedException {
        long began = clock.millis();
        Optional<Hit> hit = hit(planned, began);
        // What ends a sandbox is written down before it is done: the end may be in the database at once.
        hit.filter(_ -> !planned.kind().endsItsSandbox()).ifPresent(done -> note(planned, done, began));
        return hit.isPresent();
    }

    private Optional<Hit> hit(Planned planned, long began) throws IOException, InterruptedException {
        return switch (planned.kind()) {
            case HOLDER_KILLED -> Optional.of(killed(pair.holding(HOLDER_BOUND)));
            case STANDBY_KILLED -> Optional.of(killed(pair.other(pair.holding(HOLDER_BOUND))));
            case BOTH_KILLED -> {
                pair.servers().forEach(server -> server.signal("KILL"));
                yield Optional.of(Hit.of("both"));
            }
            case HOLDER_STOPPED -> Optional.of(frozen(pair.holding(HOLDER_BOUND), planned.share()));
            case STANDBY_STOPPED -> Optional.of(frozen(pair.other(pair.holding(HOLDER_BOUND)), planned.share()));
            case SHIM_KILLED, SHIM_STOPPED, GUESTD_KILLED, GUESTD_STOPPED -> ofASandbox(planned, began);
            case SPAWNER_KILLED, SPAWNER_STOPPED -> spawner(planned);
            case DATABASE_STOPPED -> Optional.of(withoutDatabase(part(SOME_SECONDS, planned.share())));
            case DATABASE_AWAY -> Optional.of(withoutDatabase(AWAY));
            case DISK_FULL -> diskFull(part(SOME_SECONDS, planned.share()));
            case CLIENT_KILLED -> Optional.of(clientKilled(planned));
        };
    }

    private static Duration part(Duration most, double share) {
        return Duration.ofMillis(LEAST_MILLIS + (long) (most.toMillis() * share));
    }

    private static void pass(Duration time) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(time.toMillis());
    }

    private static Hit killed(ServeProcess server) {
        server.signal("KILL");
        return Hit.of(server.name());
    }

    /** One that has the host is ended by the other when that takes over, and may have been started again by then. */
    private static Hit frozen(ServeProcess server, double share) throws InterruptedException {
        Duration time = part(FREEZE_MAX, share);
        long pid = server.pid();
        Processes.signal("STOP", pid);
        pass(time);
        boolean ended = Processes.state(pid).isEmpty();
        Processes.signal("CONT", pid);
        return Hit.of(server.name() + " for " + time.toMillis() + " ms" + (ended ? ", was ended meanwhile" : ""));
    }

    private Optional<Hit> ofASandbox(Planned planned, long began) throws InterruptedException {
        List<String> lives = host.lives();
        if (lives.isEmpty()) {
            return Optional.empty();
        }
        String life = lives.get(planned.choice() % lives.size());
        boolean shim = planned.kind() == FaultKind.SHIM_KILLED || planned.kind() == FaultKind.SHIM_STOPPED;
        Optional<Long> pid = shim ? host.shim(life) : host.guestd(life);
        if (pid.isEmpty() || Processes.state(pid.get()).isEmpty()) {
            return Optional.empty();
        }
        String id = life.substring(0, life.indexOf('.'));
        if (planned.kind().endsItsSandbox()) {
            note(planned, new Hit(Optional.of(id), life), began);
            Processes.signal("KILL", pid.get());
            return Optional.of(new Hit(Optional.of(id), life));
        }
        Processes.signal("STOP", pid.get());
        pass(part(SOME_SECONDS, planned.share()));
        Processes.signal("CONT", pid.get());
        return Optional.of(new Hit(Optional.of(id), life));
    }

    private Optional<Hit> spawner(Planned planned) throws InterruptedException {
        Optional<Long> pid = host.spawner(pair.pids());
        if (pid.isEmpty()) {
            return Optional.empty();
        }
        if (planned.kind() == FaultKind.SPAWNER_KILLED) {
            Processes.signal("KILL", pid.get());
        } else {
            Processes.signal("STOP", pid.get());
            pass(part(SOME_SECONDS, planned.share()));
            Processes.signal("CONT", pid.get());
        }
        return Optional.of(Hit.of("process " + pid.get()));
    }

    private Hit withoutDatabase(Duration time) throws IOException, InterruptedException {
        pair.postgres().stop();
        try {
            pass(time);
        } finally {
            pair.postgres().run();
        }
        return Hit.of(time.toMillis() + " ms");
    }

    private Optional<Hit> diskFull(Duration time) throws IOException, InterruptedException {
        if (pair.volume().isEmpty()) {
            return Optional.empty();
        }
        Volume volume = pair.volume().get();
        volume.fill();
        try {
            pass(time);
        } finally {
            volume.empty();
        }
        return Optional.of(Hit.of(time.toMillis() + " ms"));
    }

    /** A real process, so that its connection ends as such connections do. */
    private Hit clientKilled(Planned planned) throws IOException, InterruptedException {
        ServeProcess server = pair.servers().get(planned.choice() % 2);
        Process client = new ProcessBuilder(
                        "curl",
                        "-s",
                        "-o",
                        "/dev/null",
                        "-X",
                        "POST",
                        "-H",
                        "Content-Type: application/json",
                        "-H",
                        "@-",
                        "-d",
                        Client.createBody(60, java.util.Map.of("by", "a client that was killed")),
                        server.origin() + "/v2/sandboxes")
                .redirectErrorStream(true)
                .start();
        try (var keys = client.outputWriter()) {
            // Not a word of its command line, which everybody can read.
            keys.write("X-API-Key: " + pair.client().key() + "\n");
        }
        boolean done = client.waitFor((long) (planned.share() * 150), TimeUnit.MILLISECONDS);
        client.destroyForcibly().waitFor();
        return Hit.of(done ? "it was done already" : "in the middle");
    }

    /** Undoes whatever may not be undone yet. */
    void relent() throws IOException, InterruptedException {
        pair.servers().forEach(server -> server.signal("CONT"));
        if (pair.volume().isPresent()) {
            pair.volume().get().empty();
        }
        try {
            pair.holder();
        } catch (SQLException e) {
            pair.postgres().run();
        }
        for (ServeProcess server : pair.servers()) {
            pair.revive(server);
        }
    }
}

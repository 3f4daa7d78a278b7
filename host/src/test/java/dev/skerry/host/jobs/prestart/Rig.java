package dev.skerry.host.jobs.prestart;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.host.jobs.EngineSandbox;
import dev.skerry.host.jobs.Job.StageLimits;
import dev.skerry.host.jobs.JobSandbox.Start;
import dev.skerry.host.jobs.Language;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A sandbox with interpreters of one language that wait, and the same language started anew. */
final class Rig implements AutoCloseable {
    static final String FOLDER = "/box";
    static final StageLimits LIMITS =
            new StageLimits(Optional.of(Duration.ofSeconds(20)), Optional.of(Duration.ofSeconds(15)));
    static final Limits ROOMY =
            new Limits(3L << 30, 2000, 4000, 256L << 20, 10_000, Optional.of(Duration.ofMinutes(3)), Optional.empty());

    private static final String USER = "user";

    final EngineSandbox sandbox;
    final Prestart prestart;
    private final Deque<Waiting> waiting = new ArrayDeque<>();

    Rig(Engine engine, Language language, Limits limits) {
        this(engine, language, limits, Isolation.CONTAINER);
    }

    Rig(Engine engine, Language language, Limits limits, Isolation isolation) {
        var spec = SandboxSpec.base(isolation, limits);
        this.sandbox = new EngineSandbox(engine.create(spec), engine.templates().find("base"));
        this.prestart = Prestart.of(language).orElseThrow();
        sandbox.makeFolder(FOLDER, USER);
    }

    void prestart(int count) throws InterruptedException {
        for (int i = 0; i < count; i++) {
            waiting.add(prestart.begin(sandbox, start(), prestart.first()));
        }
    }

    private List<String> words() {
        return switch (prestart.language()) {
            case PYTHON -> List.of("/usr/bin/python3", "/box/main.py");
            case JAVASCRIPT -> List.of("/usr/bin/node", "/box/main.js");
            case JAVA -> List.of("/usr/bin/java", "-XX:+UseSerialGC", "-Xshare:auto", "-cp", "/box/.build", "Main");
            default -> throw new IllegalArgumentException(prestart.language().label());
        };
    }

    Start start() {
        return start(words(), Map.of(), LIMITS);
    }

    Start start(List<String> words, Map<String, String> more, StageLimits limits) {
        Map<String, String> environment = new HashMap<>(sandbox.environment());
        environment.putAll(more);
        return new Start("run", words, environment, FOLDER, USER, limits, Optional.empty());
    }

    /** Puts a file where the program finds it. */
    void put(String name, byte[] content) {
        sandbox.write(FOLDER + "/" + name, content, USER);
    }

    Observed cold(byte[] stdin) {
        return anew(start(), stdin);
    }

    Observed anew(Start start, byte[] stdin) {
        return Observed.of(sandbox.start(start), stdin);
    }

    Observed prestarted(byte[] stdin) {
        return prestarted(start(), stdin);
    }

    Observed prestarted(Start start, byte[] stdin) {
        return Observed.of(waiting.removeFirst().release(start).orElseThrow(), stdin);
    }

    Observed prestartedLast(byte[] stdin) {
        return Observed.of(waiting.removeLast().release(start()).orElseThrow(), stdin);
    }

    Waiting next() {
        return waiting.removeFirst();
    }

    @Override
    public void close() {
        sandbox.close();
    }
}

package dev.skerry.testkit;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.Sandbox;
import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.stream.ExecRequest;
import dev.skerry.wire.stream.GuestProcess;
import dev.skerry.wire.stream.ProcessExit;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Where one attack takes place: sandboxes of one level, ended afterwards, with a look at the host before and after. */
public final class Arena implements AutoCloseable {
    static final Duration BOUND = Duration.ofSeconds(60);
    private static final String FOLDER = "/var/tmp/attack";

    private final Engine engine;
    private final Isolation level;
    private final Conditions conditions;
    private final HostInventory before;
    private final List<Sandbox> sandboxes = new ArrayList<>();

    /**
     * What becomes of what an attack asks for; suites that weaken something on purpose change it.
     *
     * @param limits the ones that are asked for, as they are set
     * @param output what a program prints, as it is read
     * @param settle how long the host may take to look as before
     */
    record Conditions(UnaryOperator<Limits> limits, UnaryOperator<InputStream> output, Duration settle) {
        static final Conditions FAIR = new Conditions(limits -> limits, output -> output, Duration.ofSeconds(10));
    }

    public Arena(Engine engine, Isolation level) {
        this(engine, level, Conditions.FAIR);
    }

    Arena(Engine engine, Isolation level, Conditions conditions) {
        this.engine = engine;
        this.level = level;
        this.conditions = conditions;
        this.before = HostInventory.of(engine);
    }

    boolean has(Driver.Feature feature) {
        return engine.drivers().at(level).features().contains(feature);
    }

    Engine engine() {
        return engine;
    }

    /** Nothing is on the host that was not there before the attack: claim C15. */
    void assertNothingLeft() {
        HostInventory.assertNothingNew(engine, before, conditions.settle());
    }

    Sandbox sandbox() {
        return sandbox(limits -> limits);
    }

    Sandbox sandbox(UnaryOperator<Limits> change) {
        Limits limits = change.apply(Limits.DEFAULT.withWallTime(Duration.ofMinutes(3)));
        Sandbox sandbox =
                engine.create(SandboxSpec.base(level, conditions.limits().apply(limits)));
        sandboxes.add(sandbox);
        return sandbox;
    }

    InputStream output(GuestProcess process) {
        return conditions.output().apply(process.stdout());
    }

    /** What a program inside printed and how it ended. */
    record Outcome(String stdout, String stderr, ProcessExit exit) {}

    /** Runs a program to its end. */
    static Outcome run(Sandbox sandbox, ExecRequest request) throws Exception {
        GuestProcess process = sandbox.guest().exec(request);
        String[] errors = {""};
        Thread reader = Thread.ofVirtual().start(() -> errors[0] = text(process.stderr()));
        String output = text(process.stdout());
        reader.join();
        ProcessExit exit = process.await(BOUND)
                .orElseThrow(() -> new Failure(ErrorCode.DEADLINE_EXCEEDED, request.args() + " did not end"));
        return new Outcome(output, errors[0], exit);
    }

    static Outcome shell(Sandbox sandbox, String user, String script) throws Exception {
        return run(sandbox, ExecRequest.of("/bin/sh", "-c", script).as(user).in("/"));
    }

    /** Runs an attack of our own as a user; a line that says BROKEN breaks the claim, and it must come to its end. */
    void attack(Sandbox sandbox, String user, String script, List<String> arguments) throws Exception {
        Outcome outcome = run(sandbox, start(sandbox, user, script, arguments));
        outcome.stdout()
                .lines()
                .filter(line -> line.startsWith("BROKEN"))
                .findFirst()
                .ifPresent(line -> {
                    throw new ClaimBroken(line.substring("BROKEN ".length()) + " (as " + user + ")");
                });
        if (!outcome.stdout().endsWith("done\n")) {
            throw new IllegalStateException(script + " stopped early as " + user + ": " + outcome.exit() + " "
                    + outcome.stdout() + outcome.stderr());
        }
    }

    /** Starts an attack that goes on; returns when it says that it is ready. */
    GuestProcess launch(Sandbox sandbox, String user, String script, List<String> arguments) throws Exception {
        GuestProcess process =
                sandbox.guest().exec(start(sandbox, user, script, arguments).withInput());
        if (!ready(process)) {
            throw new IllegalStateException(script + " stopped early: " + text(process.stderr()));
        }
        return process;
    }

    /** Starts an attack that may be killed on its way; whether it is ready, and goes on. */
    boolean tries(Sandbox sandbox, String user, String script) throws Exception {
        try {
            return ready(
                    sandbox.guest().exec(start(sandbox, user, script, List.of()).withInput()));
        } catch (Failure e) {
            if (e.code() != ErrorCode.SANDBOX_GONE) {
                throw e;
            }
            return false;
        }
    }

    private static boolean ready(GuestProcess process) throws IOException {
        StringBuilder seen = new StringBuilder();
        while (seen.indexOf("done\n") < 0) {
            int next = process.stdout().read();
            if (next < 0) {
                return false;
            }
            seen.append((char) next);
        }
        return true;
    }

    private ExecRequest start(Sandbox sandbox, String user, String script, List<String> arguments) throws Exception {
        for (String name : List.of("lib.py", script)) {
            sandbox.guest().files().write(FOLDER + "/" + name, resource(name), 0644);
        }
        List<String> command = new ArrayList<>(List.of("/usr/bin/python3", "-B", FOLDER + "/" + script));
        command.addAll(arguments);
        return ExecRequest.of(command).as(user).in("/");
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = Arena.class.getResourceAsStream("attacks/" + name)) {
            if (in == null) {
                throw new IllegalStateException("no attack " + name);
            }
            return in.readAllBytes();
        }
    }

    private static String text(InputStream in) {
        try {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Ends what is left and looks at the host: claim C15 after every attack. */
    @Override
    public void close() {
        sandboxes.forEach(Sandbox::destroy);
        assertNothingLeft();
    }
}

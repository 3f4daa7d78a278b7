package dev.skerry.host.engine;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Driver.Feature;
import dev.skerry.host.drivers.Drivers;
import dev.skerry.wire.Limits;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.stream.ExecRequest;
import dev.skerry.wire.stream.GuestProcess;
import dev.skerry.wire.stream.ProcessExit;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An engine with one driver, and what the contract's parts do with it. Nothing may be left of any sandbox. */
abstract class DriverFixture {
    static final Duration BOUND = Duration.ofSeconds(Integer.getInteger("skerry.test.bound-seconds", 30));
    static final long MIB = 1 << 20;
    static final int SIGKILL = 9;

    @RegisterExtension
    final LeftBehind leftBehind = TestHost.LEFT_BEHIND;

    final TestHost host = TestHost.make();
    final Driver driver;
    final Engine engine;

    /** @param driver the one under test; fails with the command that installs what it lacks */
    DriverFixture(Function<TestHost, Driver> driver) {
        this.driver = driver.apply(host);
        this.engine = another();
    }

    @AfterEach
    void nothingIsLeft() {
        engine.list().forEach(view -> engine.kill(view.id().text()));
        engine.close();
        host.assertNothingLeft();
    }

    /** A second engine, as another process would have it. */
    final Engine another() {
        return host.engine(new Drivers(List.of(driver)));
    }

    boolean can(Feature feature) {
        return driver.features().contains(feature);
    }

    SandboxSpec spec(Limits limits) {
        return SandboxSpec.base(driver.level(), limits);
    }

    Sandbox create(Limits limits) {
        return engine.create(spec(limits));
    }

    Sandbox create() {
        return create(Limits.DEFAULT);
    }

    /** A wall-clock limit that a start fits into, as it counts, and some machines are slow. */
    Limits soonOver() {
        create().destroy(); // the very first start makes the template
        long before = System.nanoTime();
        create().destroy();
        return Limits.DEFAULT.withWallTime(
                Duration.ofNanos(4 * (System.nanoTime() - before)).plusMillis(500));
    }

    record Outcome(String text, ProcessExit exit) {}

    static Outcome run(Sandbox sandbox, ExecRequest request) throws Exception {
        GuestProcess process = sandbox.guest().exec(request);
        String text = new String(process.stdout().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(text, process.await(BOUND).orElseThrow());
    }

    static ExecRequest shell(String script) {
        return ExecRequest.of("/bin/sh", "-c", script);
    }

    static ExecRequest python(String script) {
        return ExecRequest.of("/usr/bin/python3", "-c", script);
    }

    static SandboxEnd end(Sandbox sandbox) throws InterruptedException {
        return sandbox.awaitEnd(BOUND).orElseThrow();
    }
}

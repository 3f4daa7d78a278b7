package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Driver.Feature;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Limits;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.stream.ExecRequest;
import dev.skerry.wire.stream.GuestProcess;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** The part of {@link DriverContract} that is about limits. */
abstract class LimitsContract extends DriverFixture {
    LimitsContract(Function<TestHost, Driver> driver) {
        super(driver);
    }

    @Test
    void memoryIsLimited() throws Exception {
        try (Sandbox sandbox = create(Limits.DEFAULT.withMemoryBytes(96 * MIB))) {
            takesTooMuch(sandbox);
            assertThat(sandbox.usage().memoryPeakBytes()).isLessThanOrEqualTo(97 * MIB);
            assertThat(sandbox.usage().outOfMemoryKills()).isPositive();
        }
    }

    private void takesTooMuch(Sandbox sandbox) throws Exception {
        GuestProcess bomb = sandbox.guest().exec(python("x = []\nwhile True: x.append(bytearray(1 << 20))"));
        if (can(Feature.SURVIVES_MEMORY_BOMB)) {
            assertThat(bomb.await(BOUND).orElseThrow().signal()).isEqualTo(SIGKILL);
            assertThat(sandbox.guest().ping(BOUND)).isPositive();
        } else {
            assertThat(end(sandbox).cause()).isEqualTo(SandboxEnd.Cause.OUT_OF_MEMORY);
        }
    }

    @Test
    void tasksAreLimited() throws Exception {
        try (Sandbox sandbox = create(Limits.DEFAULT.withProcesses(20))) {
            tasksAreLimited(sandbox);
        }
    }

    private void tasksAreLimited(Sandbox sandbox) throws Exception {
        String script = "i=0; while [ $i -lt 30 ]; do sleep 100 & i=$((i+1)); done; echo all";
        String text = run(sandbox, shell(script)).text();
        if (can(Feature.EXACT_PROCESS_LIMIT)) {
            assertThat(text).isEmpty();
            assertThat(sandbox.usage().processes()).isLessThanOrEqualTo(20);
        } else {
            // The limit is that of the user-space kernel and what it runs, which needs far more.
            assertThat(text).isEqualTo("all\n");
            assertThat(sandbox.usage().processes()).isGreaterThan(20);
        }
    }

    @Test
    void bytesOfTheWritableLayerAreLimited() throws Exception {
        try (Sandbox sandbox = create(Limits.DEFAULT.withDisk(8 * MIB, 1000))) {
            for (String file : List.of("/tmp/x", "/home/user/x")) {
                // In pieces, since a file may not be larger than the layer either.
                String script =
                        "for i in 1 2 3 4; do head -c 4M /dev/zero >>FILE; done 2>/dev/null; stat -c %s FILE; rm FILE";
                String size = run(sandbox, shell(script.replace("FILE", file)).as("user"))
                        .text();
                assertThat(Long.parseLong(size.strip())).as(file).isBetween(MIB, 8 * MIB);
            }
        }
    }

    @Test
    void aLimitOnEachProcessIsSet() throws Exception {
        try (Sandbox sandbox = create()) {
            assertThat(run(sandbox, shell("ulimit -n; ulimit -c")).text()).isEqualTo("4096\n0\n");
        }
    }

    @Test
    void limitsOfARunningSandboxAreReplaced() throws Exception {
        try (Sandbox sandbox = create()) {
            sandbox.guest().exec(shell("while :; do :; done"));
            sandbox.update(Limits.DEFAULT.withCpuMillis(100).withMemoryBytes(96 * MIB));
            assertThat(share(sandbox)).isLessThan(0.3);
            sandbox.update(Limits.DEFAULT.withMemoryBytes(96 * MIB).withProcesses(20));
            tasksAreLimited(sandbox);
            takesTooMuch(sandbox);
        }
    }

    /** Of a CPU, in the next second. */
    private double share(Sandbox sandbox) {
        long start = System.nanoTime();
        Duration before = sandbox.usage().cpuTime();
        host.await(
                "a second",
                () -> System.nanoTime() - start > Duration.ofSeconds(1).toNanos());
        return (double) sandbox.usage().cpuTime().minus(before).toNanos() / (System.nanoTime() - start);
    }

    @Test
    void theDeadlineEndsItWithNobodyAttached() throws Exception {
        Sandbox sandbox = create(soonOver());
        sandbox.guest().exec(shell("setsid sleep 100 & sleep 100"));
        endsAlone(sandbox, SandboxEnd.Cause.TIMED_OUT);
    }

    @Test
    void cpuTimeIsLimitedWithNobodyAttached() throws Exception {
        // So much that on one busy processor nobody is attached any more by then.
        Sandbox sandbox = create(Limits.DEFAULT.withCpuTime(Duration.ofSeconds(2)));
        sandbox.guest().exec(shell("(while :; do :; done) & while :; do :; done"));
        endsAlone(sandbox, SandboxEnd.Cause.CPU_TIME);
    }

    private void endsAlone(Sandbox sandbox, SandboxEnd.Cause cause) throws Exception {
        String id = sandbox.id().text();
        long shim = host.shimOf(sandbox);
        sandbox.detach();
        host.await("the shim is gone", () -> ProcessHandle.of(shim).isEmpty());
        assertThatThrownBy(() -> engine.attach(id)).isInstanceOfSatisfying(Failure.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.SANDBOX_GONE);
            assertThat(e).hasMessageContaining(cause.name());
        });
    }

    @Test
    void aForkBombHarmsAtMostItsOwnSandbox() throws Exception {
        Sandbox neighbour = create();
        Sandbox bombed = create(Limits.DEFAULT.withProcesses(64).withCpuMillis(500));
        bombed.guest().exec(python("import os\nwhile True:\n try: os.fork()\n except OSError: pass"));
        host.await("the bomb has grown", () -> bombed.usage().processes() >= 64);
        if (can(Feature.SURVIVES_FORK_BOMB)) {
            assertThat(bombed.guest().ping(BOUND)).isPositive();
        }
        // Without that feature it may have ended by now; whatever became of it, it can be destroyed.
        assertThat(run(neighbour, ExecRequest.of("/bin/echo", "fine")).text()).isEqualTo("fine\n");
        bombed.destroy();
        neighbour.destroy();
    }
}

package dev.skerry.host.cgroups;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Real limits on the real v1 trees of this machine, as root. The v2 trees with controllers are tested in a guest of
 * their own.
 */
class V1CgroupTest {
    private static final Duration BOUND = Children.BOUND;
    private static final String NAME = "0test.1";

    private final Children children = new Children();
    private final String instance = "test-" + ProcessHandle.current().pid();
    private CgroupLayout.V1 layout = v1();
    private Cgroups cgroups = Cgroups.open(layout, instance);
    private SandboxCgroup cgroup = cgroups.create(NAME, Limits.DEFAULT.withMemoryBytes(64L << 20));

    private static CgroupLayout.V1 v1() {
        return switch (CgroupLayout.detect()) {
            case CgroupLayout.V1 found -> found;
            case CgroupLayout other ->
                throw new AssertionError("needs a machine with cgroup v1: boot with"
                        + " systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1; found "
                        + other.describe());
        };
    }

    @BeforeEach
    void startsEmpty() {
        assertThat(cgroups.names()).containsExactly(NAME);
    }

    @AfterEach
    void leavesNothing() {
        cgroup.kill(BOUND);
        children.close();
        cgroup.remove(BOUND);
        assertThat(cgroups.names()).isEmpty();
        assertThat(cgroups.removeIfEmpty()).isTrue();
        assertThat(Cgroups.instances(layout)).doesNotContain(instance);
    }

    @Test
    void aMemoryBombIsKilledAndCounted() {
        var bomb = children.run(cgroup, "exec /usr/bin/python3 -c 'x = bytearray(256 << 20)'");
        assertThat(Children.exit(bomb)).isEqualTo(128 + 9);
        assertThat(cgroup.events().outOfMemoryKills()).isEqualTo(1);
        var usage = cgroup.usage();
        assertThat(usage.outOfMemoryKills()).isEqualTo(1);
        assertThat(usage.memoryPeakBytes()).isBetween(60L << 20, 64L << 20);
        assertThat(usage.memoryBytes()).isLessThan(usage.memoryPeakBytes());
    }

    @Test
    void forksBeyondThePidsLimitAreRefusedAndCounted() {
        cgroup.update(Limits.DEFAULT.withProcesses(8));
        var forker = children.run(cgroup, "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 2 & done");
        assertThat(Children.output(forker)).contains("Cannot fork");
        assertThat(cgroup.events().processLimitHits()).isPositive();
    }

    @Test
    void aSpinningProcessIsHeldToItsQuota() {
        cgroup.update(Limits.DEFAULT.withCpuMillis(250));
        children.run(cgroup, "while :; do :; done");
        Children.await("some CPU was used", () -> cgroup.usage().cpuTime().toMillis() > 50);
        long began = System.nanoTime();
        var before = cgroup.usage().cpuTime();
        Children.await("a second has passed", () -> System.nanoTime() - began > 1_000_000_000);
        var used = cgroup.usage().cpuTime().minus(before);
        double ratio = (double) used.toNanos() / (System.nanoTime() - began);
        assertThat(ratio).isBetween(0.05, 0.40);
    }

    @Test
    void aFrozenBoxUsesNoCpuAndGoesOnWhenThawed() {
        children.run(cgroup, "while :; do :; done");
        Children.await("it runs", () -> cgroup.usage().cpuTime().toMillis() > 20);
        cgroup.freeze(BOUND);
        cgroup.freeze(BOUND);
        assertThat(cgroup.frozen()).isTrue();
        var stopped = cgroup.usage().cpuTime();
        long began = System.nanoTime();
        Children.await("200 ms have passed", () -> System.nanoTime() - began > 200_000_000);
        assertThat(cgroup.usage().cpuTime()).isEqualTo(stopped);
        cgroup.thaw(BOUND);
        cgroup.thaw(BOUND);
        assertThat(cgroup.frozen()).isFalse();
        Children.await(
                "it goes on", () -> cgroup.usage().cpuTime().minus(stopped).toMillis() > 20);
    }

    @Test
    void aFrozenBoxIsKilled() {
        var process = children.run(cgroup, "sleep 100 & sleep 100 & wait");
        Children.await("all run", () -> cgroup.usage().processes() == 3);
        cgroup.freeze(BOUND);
        cgroup.kill(BOUND);
        assertThat(Children.exit(process)).isEqualTo(128 + 9);
        assertThat(cgroup.frozen()).isFalse();
        // A dead process counts until its parent has waited for it.
        Children.await("nothing is left", () -> cgroup.usage().processes() == 0);
        cgroup.kill(BOUND);
    }

    @Test
    void anInterruptedThreadCanStillTearDown() {
        children.run(cgroup, "sleep 100 & wait");
        Thread.currentThread().interrupt();
        cgroup.freeze(BOUND);
        cgroup.kill(BOUND);
        cgroup.remove(BOUND);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(cgroups.names()).isEmpty();
    }

    @Test
    void forkersAreKilledUntilNoneIsLeft() {
        cgroup.update(Limits.DEFAULT.withProcesses(100));
        children.run(cgroup, "f() { f & f & wait; }; f 2>/dev/null");
        Children.await("the bomb has spread", () -> cgroup.events().processLimitHits() > 50);
        cgroup.kill(BOUND);
        assertThat(ControlFiles.processes(layout.directory("pids").resolve("skerry-" + instance)))
                .isEmpty();
    }

    @Test
    void theShimIsChargedForMemoryOnlyAndOutlivesItsBox() {
        var shim = children.start("sleep 100 & wait");
        Cgroups.place(shim.pid(), cgroup.shimDirs());
        Children.release(shim);
        children.run(cgroup, "exec sleep 100");
        cgroup.freeze(BOUND);
        assertThat(shim.isAlive()).isTrue();
        assertThat(cgroup.usage().processes()).isEqualTo(1);
        cgroup.killBox(BOUND);
        assertThat(shim.isAlive()).isTrue();
        cgroup.kill(BOUND);
        Children.exit(shim);
    }

    @Test
    void removingWhatIsInUseNamesItsProcessesAndRemovingWhatIsGoneIsSuccess() {
        var process = children.run(cgroup, "sleep 100 & wait");
        assertThatThrownBy(() -> cgroup.remove(Duration.ofMillis(50)))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.CONFLICT))
                .hasMessageContaining(process.pid() + " (sh)");
        cgroup.kill(BOUND);
        cgroup.remove(BOUND);
        cgroup.remove(BOUND);
        cgroup.kill(BOUND);
        assertThat(cgroups.find(NAME)).isEmpty();
        assertThat(cgroup.usage().memoryBytes()).isZero();
        assertThatThrownBy(() -> cgroup.update(Limits.DEFAULT))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.SANDBOX_GONE));
    }

    @Test
    void groupsMadeBelowOursAreRemovedToo() throws IOException {
        var nested = Files.createDirectories(cgroup.boxDirs().getLast().resolve("inner/most"));
        var process = children.start("sleep 100");
        Cgroups.place(process.pid(), cgroup.boxDirs());
        Cgroups.place(process.pid(), List.of(nested));
        cgroup.kill(BOUND);
        assertThat(Children.exit(process)).isEqualTo(128 + 9);
        cgroup.remove(BOUND);
        assertThat(nested).doesNotExist();
    }

    @Test
    void creatingAgainSetsTheLimitsAndPartialGroupsAreFound() throws IOException {
        Path limit = cgroup.shimDirs().getFirst().resolve("memory.limit_in_bytes");
        for (long mib : List.of(64L, 512L, 32L)) {
            cgroups.create(NAME, Limits.DEFAULT.withMemoryBytes(mib << 20));
            assertThat(Files.readString(limit).strip()).isEqualTo(Long.toString(mib << 20));
        }
        cgroup.boxDirs().stream().skip(1).forEach(directory -> ControlFiles.removeTree(directory, BOUND));
        assertThat(cgroups.names()).containsExactly(NAME);
        cgroups.find(NAME).orElseThrow().remove(BOUND);
        assertThat(cgroups.names()).isEmpty();
    }

    @Test
    void onlyOurNamesAreListed() throws IOException {
        var foreign = Files.createDirectory(
                layout.directory("pids").resolve("skerry-" + instance).resolve("Foreign"));
        try {
            assertThat(cgroups.names()).containsExactly(NAME);
            assertThat(cgroups.removeIfEmpty()).isFalse();
            assertThat(Cgroups.instances(layout)).contains(instance);
        } finally {
            Files.delete(foreign);
        }
        for (var bad : Arrays.asList("..", "a/b.1", "x", "x.", "x.y", "")) {
            assertThatThrownBy(() -> cgroups.find(bad)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}

package dev.skerry.host.cgroups;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Usage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class V2CgroupTest {
    private static final Duration BOUND = Children.BOUND;
    private static final String NAME = "0test.1";

    /** What a v2 tree can do without controllers, on the real one that a hybrid machine has. */
    @Nested
    class OnTheRealTree {
        private final Children children = new Children();
        private final String instance = "test2-" + ProcessHandle.current().pid();
        private final CgroupLayout.V2 layout = new CgroupLayout.V2(unified(), unified(), false, "test");
        private final Cgroups cgroups = Cgroups.open(layout, instance, Set.of());
        private final SandboxCgroup cgroup = cgroups.create(NAME, Limits.DEFAULT);

        private static Path unified() {
            return switch (CgroupLayout.detect()) {
                case CgroupLayout.V2 v2 -> v2.parent();
                case CgroupLayout.V1(var _, var unified) ->
                    unified.orElseThrow(
                            () -> new AssertionError("needs a v2 tree: mount -t cgroup2 none /sys/fs/cgroup/unified"));
                case CgroupLayout.Unusable unusable -> throw new AssertionError(unusable.problems());
            };
        }

        @AfterEach
        void leavesNothing() {
            cgroup.kill(BOUND);
            children.close();
            cgroup.remove(BOUND);
            cgroup.remove(BOUND);
            assertThat(cgroups.names()).isEmpty();
            assertThat(cgroups.removeIfEmpty()).isTrue();
            assertThat(Cgroups.instances(layout)).doesNotContain(instance);
        }

        @Test
        void aFrozenBoxStopsGoesOnAndIsKilledWhileFrozen() {
            var process = children.run(cgroup, "sleep 100 & while :; do :; done");
            Children.await("it runs", () -> cgroup.usage().cpuTime().toMillis() > 20);
            cgroup.freeze(BOUND);
            assertThat(cgroup.frozen()).isTrue();
            var stopped = cgroup.usage().cpuTime();
            cgroup.thaw(BOUND);
            assertThat(cgroup.frozen()).isFalse();
            Children.await(
                    "it goes on", () -> cgroup.usage().cpuTime().minus(stopped).toMillis() > 20);
            cgroup.freeze(BOUND);
            cgroup.kill(BOUND);
            cgroup.kill(BOUND);
            assertThat(Children.exit(process)).isEqualTo(128 + 9);
            assertThat(cgroup.frozen()).isFalse();
        }

        @Test
        void theKillFileEndsTheBoxAndNotTheShim() throws IOException {
            var shim = children.start("sleep 100 & wait");
            Cgroups.place(shim.pid(), cgroup.shimDirs());
            Children.release(shim);
            var box = children.run(cgroup, "sleep 100 & wait");
            cgroup.freeze(BOUND);
            ControlFiles.write(cgroup.killFile().orElseThrow(), "1");
            assertThat(Children.exit(box)).isEqualTo(128 + 9);
            assertThat(shim.isAlive()).isTrue();
            cgroup.killBox(BOUND);
            assertThat(shim.isAlive()).isTrue();
            cgroup.kill(BOUND);
            Children.exit(shim);
        }

        @Test
        void removingWhatIsInUseNamesItsProcesses() {
            var process = children.run(cgroup, "sleep 100 & wait");
            assertThat(cgroups.names()).containsExactly(NAME);
            assertThatThrownBy(() -> cgroup.remove(Duration.ofMillis(50)))
                    .isInstanceOfSatisfying(
                            Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.CONFLICT))
                    .hasMessageContaining(process.pid() + " (sh)");
        }
    }

    /** The files that need controllers, as ordinary files of the same names. */
    @Nested
    class OnAFakeTree {
        @TempDir
        Path top;

        private SandboxCgroup create(Limits limits) throws IOException {
            var group = top.resolve("skerry-fake");
            var box = Files.createDirectories(group.resolve(NAME).resolve("box"));
            for (var level : new Path[] {top, group, box.getParent()}) {
                Files.writeString(level.resolve("cgroup.subtree_control"), "\n");
            }
            Files.writeString(top.resolve("cgroup.controllers"), "cpu memory pids\n");
            for (var file : new String[] {"memory.max", "memory.swap.max", "memory.oom.group"}) {
                Files.createFile(box.resolveSibling(file));
            }
            for (var file : new String[] {"pids.max", "cpu.max"}) {
                Files.createFile(box.resolve(file));
            }
            var layout = new CgroupLayout.V2(top, top, false, "test");
            return Cgroups.open(layout, "fake").create(NAME, limits);
        }

        @Test
        void limitsGoWhereTheyBelong() throws IOException {
            var cgroup = create(Limits.DEFAULT
                    .withMemoryBytes(64L << 20)
                    .withCpuMillis(1500)
                    .withProcesses(99));
            var own = top.resolve("skerry-fake").resolve(NAME);
            assertThat(own.resolve("memory.max")).hasContent("67108864");
            assertThat(own.resolve("memory.swap.max")).hasContent("0");
            assertThat(own.resolve("memory.oom.group")).hasContent("0");
            assertThat(own.resolve("box/pids.max")).hasContent("99");
            assertThat(own.resolve("box/cpu.max")).hasContent("150000 100000");
            assertThat(own.resolve("cgroup.subtree_control")).content().contains("+pids +cpu");
            assertThat(top.resolve("cgroup.subtree_control")).content().contains("+cpu +memory +pids");
            assertThat(cgroup.shimDirs()).containsExactly(own.resolve("shim"));
            assertThat(cgroup.boxDirs()).containsExactly(own.resolve("box"));
            assertThat(cgroup.killFile()).isEmpty();
        }

        @Test
        void usageAndEventsAreReadFromTheFilesOfTheKernel() throws IOException {
            var cgroup = create(Limits.DEFAULT);
            var own = top.resolve("skerry-fake").resolve(NAME);
            Files.writeString(own.resolve("memory.current"), "4096\n");
            Files.writeString(
                    own.resolve("memory.events"), "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 0\n");
            Files.writeString(own.resolve("box/cpu.stat"), "usage_usec 1500\nuser_usec 1000\n");
            Files.writeString(own.resolve("box/pids.current"), "3\n");
            Files.writeString(own.resolve("box/pids.events"), "max 5\n");
            Files.writeString(own.resolve("memory.stat"), "anon 1024\nfile 512\nkernel 2048\n");
            assertThat(cgroup.usage()).isEqualTo(new Usage(4096, 4096, 512, Duration.ofNanos(1_500_000), 3, 2, 0));
            Files.writeString(own.resolve("memory.peak"), "8192\n");
            assertThat(cgroup.usage().memoryPeakBytes()).isEqualTo(8192);
            assertThat(cgroup.events()).isEqualTo(new SandboxCgroup.Events(2, 5));
        }
    }
}

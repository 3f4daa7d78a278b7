package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.cli.HostChecks.Check;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostChecksTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path root;

    private void put(String path, String content) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    private Check check(String name) {
        return new HostChecks(root)
                .all().stream()
                        .filter(found -> found.name().equals(name))
                        .findFirst()
                        .orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({
        "6.1.0-18-amd64, true",
        "5.12.0, true",
        "5.11.9, false",
        "4.19, false",
        "10.0, true",
        "x, false",
        "6, false"
    })
    void kernelVersionsAreComparedAsNumbers(String release, boolean enough) {
        assertThat(HostChecks.atLeast(release, 5, 12)).isEqualTo(enough);
    }

    @Test
    void numbersOfTheKernelAreReadWhole() throws IOException {
        String limit;
        try (var lines = Files.newBufferedReader(Path.of("/proc/sys/user/max_user_namespaces"))) {
            limit = String.valueOf(lines.readLine());
        }
        assertThat(limit).as("of more than one digit").hasSizeGreaterThan(1);
        assertThat(new HostChecks(Path.of("/")).all())
                .filteredOn(found -> found.name().equals("user namespaces"))
                .extracting(Check::detail)
                .containsExactly("up to " + limit);
    }

    @Test
    void aRunFolderOnADiskIsNamed() throws IOException {
        put("proc/self/mounts", "/dev/vda / ext4 rw 0 0\ntmpfs /run/user tmpfs rw 0 0\n");
        assertThat(check("run folder").state()).isEqualTo(Check.State.WARNING);
        assertThat(check("run folder").detail()).contains("ext4 at /:");
        assertThat(check("run folder").fix()).contains("mount -t tmpfs");
        put("proc/self/mounts", "/dev/vda / ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\n");
        assertThat(check("run folder").detail()).isEqualTo("tmpfs at /run");
        put("proc/self/mounts", "tmpfs /run tmpfs rw 0 0\n/dev/vdb /run/skerry xfs rw 0 0\n/dev/vda / ext4 rw 0 0\n");
        assertThat(check("run folder").detail()).contains("xfs at /run/skerry");
        assertThat(check("run folder").state()).isEqualTo(Check.State.WARNING);
    }

    @Test
    void pureVersion2NeedsItsControllers() throws IOException {
        put("proc/self/mounts", "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n");
        put("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
        assertThat(check("cgroups").state()).isEqualTo(Check.State.OK);
        put("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io\n");
        assertThat(check("cgroups").state()).isEqualTo(Check.State.MISSING);
        assertThat(check("cgroups").detail()).contains("memory, pids");
    }

    @Test
    void hybridIsToldFromVersion1() throws IOException {
        String v1 = """
            cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
            cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0
            cgroup /sys/fs/cgroup/cpuacct cgroup rw,cpuacct 0 0
            cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0
            cgroup /sys/fs/cgroup/freezer cgroup rw,freezer 0 0
            """;
        put("proc/self/mounts", v1);
        assertThat(check("cgroups").detail()).startsWith("v1, 5");
        put("proc/self/mounts", v1 + "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n");
        assertThat(check("cgroups").detail()).startsWith("hybrid");
    }

    @Test
    void whatIsMissingSaysWhatItIsForAndHowToGetIt() throws IOException {
        put("proc/self/status", "Name:\tx\nUid:\t1000\t1000\t1000\t1000\n");
        put("proc/filesystems", "nodev\tproc\n");
        assertThat(check("user").fix()).isEqualTo("sudo ./skerry doctor");
        assertThat(check("overlayfs").fix()).isEqualTo("modprobe overlay");
        assertThat(new HostChecks(root).all())
                .allSatisfy(found -> assertThat(found.purpose()).isNotBlank());
    }
}

package dev.skerry.host.cgroups;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Machines that this one is not, described by their /proc files and a tree of ordinary folders. */
class CgroupDetectionTest {
    @TempDir
    Path top;

    @Test
    void pureV2AtTheRootOfTheTree() throws IOException {
        offer("cpuset cpu io memory hugetlb pids");
        assertThat(detect(v2("/"), "0::/\n", "none"))
                .isEqualTo(new CgroupLayout.V2(top, top, false, "the root of the tree"));
    }

    @Test
    void aLoginSessionIsNotOursSoTheRootIsUsed() throws IOException {
        offer("cpu memory pids");
        Files.createDirectories(top.resolve("user.slice/user-0.slice/session-1.scope"));
        var layout = detect(v2("/"), "0::/user.slice/user-0.slice/session-1.scope\n", "none");
        assertThat(layout).isEqualTo(new CgroupLayout.V2(top, top, false, "the root of the tree"));
    }

    @Test
    void aServiceThatOwnsItsGroupPutsSandboxesIntoItsSlice() throws IOException {
        offer("cpu memory pids");
        var service = Files.createDirectories(top.resolve("system.slice/skerry.service"));
        var layout = (CgroupLayout.V2) detect(v2("/"), "0::/system.slice/skerry.service\n", "skerry.service");
        assertThat(layout.parent()).isEqualTo(service.getParent());
        assertThat(layout.vacate()).isFalse();
    }

    @Test
    void aServiceStartedInALeafPutsSandboxesIntoItsOwnGroup() throws IOException {
        offer("cpu memory pids");
        var leaf = Files.createDirectories(top.resolve("system.slice/skerry.service/supervisor"));
        var layout =
                (CgroupLayout.V2) detect(v2("/"), "0::/system.slice/skerry.service/supervisor\n", "skerry.service");
        assertThat(layout.parent()).isEqualTo(leaf.getParent());
        assertThat(layout.vacate()).isFalse();
    }

    @Test
    void aContainerWithItsOwnCgroupNamespaceIsVacated() throws IOException {
        offer("cpu memory pids");
        Files.writeString(top.resolve("cgroup.type"), "domain\n");
        assertThat(detect(v2("/"), "0::/\n", "none"))
                .isEqualTo(new CgroupLayout.V2(top, top, true, "the root of our container"));
    }

    @Test
    void aContainerThatHasBeenVacatedIsFoundAgain() throws IOException {
        offer("cpu memory pids");
        Files.writeString(top.resolve("cgroup.type"), "domain\n");
        Files.createDirectories(top.resolve("supervisor"));
        var layout = (CgroupLayout.V2) detect(v2("/"), "0::/supervisor\n", "none");
        assertThat(layout.parent()).isEqualTo(top);
    }

    @Test
    void aContainerWithoutACgroupNamespaceSeesOnlyItsPart() throws IOException {
        offer("cpu memory pids");
        Files.writeString(top.resolve("cgroup.type"), "domain\n");
        var layout = (CgroupLayout.V2) detect(v2("/docker/abc"), "0::/docker/abc\n", "none");
        assertThat(layout.parent()).isEqualTo(top);
    }

    @Test
    void aV2TreeWithoutControllersBesideV1IsLeftAlone() throws IOException {
        offer("hugetlb");
        var layout = detect(v2("/") + v1("memory", "pids", "cpu,cpuacct", "freezer", "name=systemd"), "0::/\n", "none");
        var v1 = (CgroupLayout.V1) layout;
        assertThat(v1.unified()).isEqualTo(Optional.of(top));
        assertThat(v1.directory("cpu")).isEqualTo(v1.directory("cpuacct")).isEqualTo(top.resolveSibling("cpu,cpuacct"));
        assertThat(v1.describe()).contains("hybrid");
    }

    @Test
    void v1Alone() {
        var layout =
                (CgroupLayout.V1) detect(v1("memory", "pids", "cpu", "cpuacct", "freezer"), "4:memory:/\n", "none");
        assertThat(layout.unified()).isEmpty();
        assertThat(layout.controllers()).hasSize(5);
    }

    @Test
    void missingControllersAreNamed() throws IOException {
        offer("cpu memory");
        assertThat(detect(v2("/"), "0::/\n", "none").problems())
                .singleElement()
                .asString()
                .contains("pids");
        assertThat(detect(v1("memory", "cpu", "cpuacct"), "", "none").problems())
                .singleElement()
                .asString()
                .contains("freezer, pids");
        assertThat(detect("", "", "none").problems()).isNotEmpty();
    }

    @Test
    void mountPointsWithSpacesAreRead() throws IOException {
        var odd = Files.createDirectories(top.resolve("a b"));
        Files.writeString(odd.resolve("cgroup.controllers"), "cpu memory pids\n");
        var line = "30 23 0:26 / " + top + "/a\\040b rw - cgroup2 cgroup2 rw\n";
        assertThat(((CgroupLayout.V2) detect(line, "0::/\n", "none")).parent()).isEqualTo(odd);
    }

    @Test
    void thisMachineHasAUsableLayout() {
        var layout = CgroupLayout.detect();
        assertThat(layout.problems()).isEmpty();
        assertThat(layout.describe()).startsWith("cgroup v");
    }

    private CgroupLayout detect(String mountinfo, String selfCgroup, String delegated) {
        return new CgroupDetection(mountinfo, selfCgroup, path -> path.endsWith(delegated)).layout();
    }

    private void offer(String controllers) throws IOException {
        Files.writeString(top.resolve("cgroup.controllers"), controllers + "\n");
    }

    private String v2(String root) {
        return "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n30 23 0:26 " + root + " " + top
                + " rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
    }

    private String v1(String... trees) {
        return Stream.of(trees)
                .map(tree ->
                        "31 23 0:27 / " + top.resolveSibling(tree) + " rw,nosuid - cgroup cgroup rw," + tree + "\n")
                .collect(Collectors.joining());
    }
}

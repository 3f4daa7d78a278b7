package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Drivers;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.stream.ExecRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A sandbox of the launcher of our own is the one that crun makes, seen from inside ({@code view.py}) and from the
 * host. crun makes it twice: what differs between those two says nothing.
 */
class LaunchersAgreeTest {
    /** Fewer would be a view that has gone blind. */
    private static final String NOTHING = "(nothing)";

    private static final int FACTS = 2500;

    /** How much there is of something, which changes by itself. */
    private static final Pattern MEASURES = Pattern.compile("(status|process 1) (Vm|Rss|.*ctxt_switches).*");

    /** What crun forgets when it makes a part of a mount read-only. */
    private static final Pattern KERNEL_FILES = Pattern.compile("mount /proc/(bus|fs|irq|pressure|sys) 1");

    private static final int REPEATS = 3;

    @RegisterExtension
    private final LeftBehind leftBehind = TestHost.LEFT_BEHIND;

    private final TestHost host = TestHost.make();

    @AfterEach
    void nothingIsLeft() {
        host.assertNothingLeft();
    }

    @ParameterizedTest
    @EnumSource(Privilege.class)
    void whatTheyMakeIsTheSame(Privilege privilege) throws Exception {
        Map<String, String> differences = differences(privilege);
        // What the rest of the machine does just then does not happen each time; what a launcher does, does.
        for (int again = 0; again < REPEATS && !differences.isEmpty(); again++) {
            differences.keySet().retainAll(differences(privilege).keySet());
        }
        assertThat(differences).isEmpty();
    }

    /** By the name of the fact. */
    private Map<String, String> differences(Privilege privilege) throws Exception {
        Driver crun = Drivers.container(TestHost.runtime("crun"));
        Map<String, String> once = view(crun, privilege);
        Map<String, String> again = view(crun, privilege);
        Map<String, String> own = view(Drivers.container(host.guestd()), privilege);
        Set<String> names = new TreeSet<>(own.keySet());
        names.addAll(once.keySet());
        Map<String, String> differences = new TreeMap<>();
        int compared = 0;
        for (String name : names) {
            String expected = once.getOrDefault(name, NOTHING);
            if (expected.equals(again.getOrDefault(name, NOTHING))
                    && !MEASURES.matcher(name).matches()) {
                compared++;
                if (KERNEL_FILES.matcher(name).matches()) {
                    expected = expected.replace(" ro,relatime ", " ro,nosuid,nodev,noexec,relatime ");
                }
                String found = own.getOrDefault(name, NOTHING);
                if (!found.equals(expected)) {
                    differences.put(name, "crun has " + expected + ", ours " + found);
                }
            }
        }
        assertThat(compared).isGreaterThan(FACTS);
        return differences;
    }

    private Map<String, String> view(Driver driver, Privilege privilege) throws Exception {
        SandboxSpec spec = SandboxSpec.base(Isolation.CONTAINER, Limits.DEFAULT).withPrivilege(privilege);
        try (Engine engine = host.engine(new Drivers(List.of(driver)));
                Sandbox sandbox = engine.create(spec)) {
            Map<String, String> facts = new TreeMap<>();
            fromInside(sandbox).forEach(line -> put(facts, line.split("\t", 2)));
            fromOutside(sandbox, facts);
            assertThat(facts).containsEntry("done", "all");
            return facts;
        }
    }

    private static void put(Map<String, String> facts, String[] fact) {
        assertThat(facts.put(fact[0], fact[1])).as(fact[0]).isNull();
    }

    private static Stream<String> fromInside(Sandbox sandbox) throws Exception {
        try (var script = LaunchersAgreeTest.class.getResourceAsStream("view.py")) {
            sandbox.guest()
                    .files()
                    .write("/tmp/view.py", Objects.requireNonNull(script).readAllBytes(), 0644);
        }
        // Process 1 has as much: nothing is hidden by what guestd takes away from a program.
        ExecRequest request =
                DriverFixture.shell("exec python3 -B /tmp/view.py 2>&1").unconfined();
        DriverFixture.Outcome outcome = DriverFixture.run(sandbox, request);
        assertThat(outcome.exit().code()).as(outcome.text()).isZero();
        return outcome.text().lines();
    }

    /** Process 1, which its own sandbox cannot look into. */
    private void fromOutside(Sandbox sandbox, Map<String, String> facts) throws IOException {
        Path process = Path.of("/proc", Long.toString(sandbox.guestPid()));
        String base = Files.readString(process.resolve("uid_map")).strip().split(" +", -1)[1];
        for (String line : Files.readAllLines(process.resolve("status"))) {
            String[] field = line.split(":\\s*", 2);
            facts.put("process 1 " + field[0], field[1].replace(base, "BASE"));
        }
        for (String file : List.of(
                "limits",
                "environ",
                "cmdline",
                "comm",
                "cgroup",
                "uid_map",
                "gid_map",
                "setgroups",
                "mountinfo",
                "oom_score_adj",
                "personality",
                "loginuid",
                "autogroup",
                "timens_offsets")) {
            facts.put("process 1 " + file, text(process.resolve(file), sandbox, base));
        }
        // Behind the name: state, parent, group, session, terminal.
        String[] stat = text(process.resolve("stat"), sandbox, base)
                .replaceFirst(".*\\) ", "")
                .split(" ", -1);
        boolean leads = stat[2].equals(stat[3]) && stat[3].equals(Long.toString(sandbox.guestPid()));
        facts.put("process 1 leads its session", leads + " " + stat[4]);
        facts.put(
                "process 1 is the shim's child", Boolean.toString(stat[1].equals(Long.toString(host.shimOf(sandbox)))));
        for (String link : List.of("exe", "cwd", "root")) {
            facts.put(
                    "process 1 " + link,
                    Files.readSymbolicLink(process.resolve(link)).toString());
        }
        try (Stream<Path> descriptors = Files.list(process.resolve("fd"))) {
            descriptors.forEach(fd -> facts.put("process 1 descriptor " + fd.getFileName(), kind(fd)));
        }
        try (Stream<Path> namespaces = Files.list(process.resolve("ns"))) {
            namespaces.forEach(ns -> facts.put("process 1 namespace " + ns.getFileName(), whose(ns)));
        }
        ProcessHandle shim = ProcessHandle.of(host.shimOf(sandbox)).orElseThrow();
        host.await("process 1 is all there is", () -> shim.descendants().count() == 1);
    }

    private static String text(Path file, Sandbox sandbox, String base) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
                .replace(sandbox.record().folder(), "SANDBOX")
                .replace(base, "BASE");
    }

    private static String kind(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().replaceAll("[0-9a-z]{25}\\.1|\\[[0-9]+]", "");
        } catch (IOException e) {
            return "gone";
        }
    }

    /** The host's, or one of its own. */
    private static String whose(Path namespace) {
        try {
            Path mine = Files.readSymbolicLink(
                    Path.of("/proc/self/ns", namespace.getFileName().toString()));
            return Files.readSymbolicLink(namespace).equals(mine) ? "the host's" : "its own";
        } catch (IOException e) {
            return "unreadable";
        }
    }
}

package dev.skerry.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * The container contract where most users are and this project's own machines may not be: nothing but cgroup v2, with
 * systemd. Every test that ran in the machine is a test here.
 */
class PureV2IT {
    private static final Path ROOT =
            Path.of(System.getProperty("skerry.root", "..")).toAbsolutePath().normalize();
    /** As the XDG base directory specification has it. */
    private static final Path CACHE = Path.of(Objects.requireNonNullElseGet(
                    System.getenv("XDG_CACHE_HOME"), () -> System.getProperty("user.home") + "/.cache"))
            .resolve("skerry/pure-v2");

    private static final Duration BOUND = Duration.ofMinutes(20);

    private static final List<String> GROUPS = List.of("dev.skerry.host.cgroups.V2CgroupTest$OnTheRealTree");

    private static final List<String> CLASSES = List.of(
            "dev.skerry.host.cgroups.V2CgroupTest$OnTheRealTree",
            "dev.skerry.host.engine.OwnContractTest",
            "dev.skerry.host.engine.CrunContractTest",
            "dev.skerry.host.engine.EngineLifecycleTest",
            "dev.skerry.host.agent.LocalAgentTest",
            "dev.skerry.host.agent.AgentDiskTest",
            "dev.skerry.host.agent.AgentCrashTest",
            "dev.skerry.testkit.PureV2Claims");

    /** Those that mostly wait for programs to start: they run beside the others. */
    private static final List<String> BESIDE = List.of("dev.skerry.cli.ServiceOnSystemd");

    /** The machine has no runsc. The rest is the same whatever the cgroups are, and much slower in QEMU. */
    private static final List<String> LEFT_OUT = List.of(
            "aDiskOutlivesItsSandboxAtLevelGvisorToo",
            "manyAreFoundAgainAtOnce",
            // OwnContractTest
            "usersAndFilesInsideAreItsOwn",
            "hostFoldersAreShownAndCannotBeWritten",
            "aRuntimeThatCannotStartItIsQuoted",
            "whatOneEngineLeftAnotherAttachesToAndLosesNoByte",
            "bytesOfTheWritableLayerAreLimited",
            "aLimitOnEachProcessIsSet",
            "setuidProgramsGainWhatTheDriverDeclares",
            "theFilterIsWhereTheDriverDeclares",
            // EngineLifecycleTest
            "whatIsAcknowledgedAfterTheEndIsNotRepeated",
            "aNameIsGivenOnceAndIsFreeAfterwards",
            "aNameThatOnlyADeadSandboxHasIsFree",
            "ofManyThatAttachAtATimeEachControlsItOrHearsWhyNot",
            "whoWasReplacedHasNoPowerAnyMore",
            "whoHasLetGoHasNoPowerAnyMore",
            "aStartThatFailsLeavesNothingAndSaysWhy",
            // LocalAgentTest, AgentDiskTest, AgentCrashTest
            "theAgentMayBeKilledAtAnyMoment",
            "sudoWorksForUserAndNothingElseIsSetuid",
            "aLifeWithoutPrivilegeHasNoSetuidProgram",
            "theHostKnowsItsTemplatesAndKeepsThoseThatAreUsed",
            "aDiskThatDoesNotFitIsRefusedAndNothingOfItIsMade",
            "oneAgentHasADataFolderAndAStoppedOneIsEnded");

    /** That it starts sandboxes there, in groups that hold; everything else is on our launcher. */
    private static final String CRUN = "whatRunsInsideAnswersAndSaysHowItEnded|memoryIsLimited";

    /** For who wants to see the same on Debian's own kernel, with two processors: that takes four times as long. */
    private static final boolean EMULATED = Boolean.getBoolean("skerry.guest.qemu");

    /** For who works on one of them: names of classes, with commas between them. */
    private static final String ONLY = System.getProperty("skerry.guest.only", "");

    @TestFactory
    List<DynamicTest> theContractHoldsOnPureCgroupV2() throws Exception {
        Path work = fresh("pure-v2");
        Payload payload = Payload.make(ROOT, work, selections());
        return run(machine(payload, work), wanted());
    }

    /** With two processors and all controllers that users have: the groups themselves, without sandboxes. */
    @TestFactory
    List<DynamicTest> theGroupsHoldOnDebiansOwnKernel() throws Exception {
        Path work = fresh("pure-v2-qemu");
        Payload payload = Payload.make(ROOT, work, List.of(selection(GROUPS)));
        return run(new QemuMachine(DebianImage.make(CACHE), payload, work), GROUPS);
    }

    private static Path fresh(String name) throws IOException {
        assertThat(System.getProperty("os.arch"))
                .as("the machine is an x86-64 one and shares our guestd and Java runtime")
                .isEqualTo("amd64");
        Path work = ROOT.resolve("cli/target").resolve(name);
        DebianImage.removeTree(work);
        return Files.createDirectories(work);
    }

    /** @param wanted the classes that must have been run there */
    private static List<DynamicTest> run(Machine machine, List<String> wanted) throws Exception {
        Path results = machine.run(BOUND);
        Files.delete(machine.payload.image());
        List<DynamicTest> tests = new ArrayList<>();
        for (Element testcase : testcases(results)) {
            tests.add(dynamicTest(
                    name(testcase), () -> assertThat(problems(testcase)).isEmpty()));
        }
        List<String> ran = testcases(results).stream()
                .map(testcase -> testcase.getAttribute("classname"))
                .distinct()
                .toList();
        tests.add(dynamicTest(
                "nothing was left out",
                () -> assertThat(ran).as("see " + machine.console()).containsExactlyInAnyOrderElementsOf(wanted)));
        return tests;
    }

    /** QEMU is the slow one: where the other does not work. */
    private static Machine machine(Payload payload, Path work) throws IOException, InterruptedException {
        DebianImage debian = DebianImage.make(CACHE);
        var userMode = new UmlMachine(debian, payload, work);
        Path why = work.resolve("trial.log");
        if (EMULATED || !userMode.works(why)) {
            System.out.println("cgroup v2: QEMU boots the machine, not user-mode Linux; see " + why);
            return new QemuMachine(debian, payload, work);
        }
        return userMode;
    }

    /** Of each process. */
    private static List<List<String>> selections() {
        if (!ONLY.isEmpty()) {
            return List.of(selection(classes()));
        }
        return List.of(selection(CLASSES), selection(BESIDE));
    }

    private static List<String> selection(List<String> names) {
        List<String> options = new ArrayList<>();
        names.forEach(name -> options.addAll(List.of("--select-class", name)));
        options.addAll(List.of("--exclude-methodname", ".*#(" + String.join("|", LEFT_OUT) + ").*"));
        options.addAll(List.of("--exclude-methodname", ".*CrunContractTest#(?!" + CRUN + ").*"));
        return options;
    }

    private static List<String> classes() {
        return List.of(ONLY.split(",", -1));
    }

    private static List<String> wanted() {
        if (!ONLY.isEmpty()) {
            return classes();
        }
        return Stream.concat(CLASSES.stream(), BESIDE.stream()).toList();
    }

    private static List<Element> testcases(Path results) throws Exception {
        List<Element> found = new ArrayList<>();
        try (Stream<Path> files = Files.walk(results)) {
            for (Path report : files.filter(file -> file.endsWith("TEST-junit-jupiter.xml"))
                    .sorted()
                    .toList()) {
                NodeList nodes = DocumentBuilderFactory.newDefaultInstance()
                        .newDocumentBuilder()
                        .parse(report.toFile())
                        .getElementsByTagName("testcase");
                for (int i = 0; i < nodes.getLength(); i++) {
                    found.add((Element) nodes.item(i));
                }
            }
        }
        return found;
    }

    /** As JUnit displays it, without the engine: the report's own attributes number dynamic tests. */
    private static String name(Element testcase) {
        return testcase.getTextContent()
                .lines()
                .filter(line -> line.startsWith("display-name: "))
                .map(line -> line.substring(line.indexOf('>') + 2))
                .findFirst()
                .orElse(testcase.getAttribute("name"));
    }

    private static String problems(Element testcase) {
        StringBuilder found = new StringBuilder();
        for (String kind : List.of("error", "failure", "skipped")) {
            NodeList nodes = testcase.getElementsByTagName(kind);
            for (int i = 0; i < nodes.getLength(); i++) {
                found.append(kind).append(": ").append(nodes.item(i).getTextContent());
            }
        }
        return found.toString();
    }
}

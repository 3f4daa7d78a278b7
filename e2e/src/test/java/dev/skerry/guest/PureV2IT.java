package dev.skerry.guest;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The container contract where most users are and this project's own machines may not be: nothing but cgroup v2, with
 * systemd.
 */
class PureV2IT {
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
        Path work = GuestTests.fresh("pure-v2");
        Payload payload = Payload.make(GuestTests.ROOT, work, selections());
        return GuestTests.run(machine(payload, work), wanted());
    }

    /** QEMU is the slow one: where the other does not work. */
    private static Machine machine(Payload payload, Path work) throws IOException, InterruptedException {
        DebianImage debian = DebianImage.make(GuestTests.CACHE);
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
        List<String> options = new ArrayList<>(GuestTests.selection(names));
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
}

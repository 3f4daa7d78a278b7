package dev.skerry.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The rules of CONTRIBUTING.md that a compiler does not know. Here, in the last module, because it sees all others.
 * Each rule is checked against the code, which must keep it, and against a package below {@code planted}, which breaks
 * it.
 */
class ArchitectureTest {
    private static final String ROOT = "dev.skerry";
    private static final List<String> MODULES = List.of("wire", "host", "server", "testkit", "bench", "cli");
    private static final JavaClasses CODE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    private static final ArchRule WIRE_KNOWS_NOBODY = noClasses()
            .that()
            .resideInAPackage("dev.skerry..wire..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.skerry..host..",
                    "dev.skerry..server..",
                    "dev.skerry..testkit..",
                    "dev.skerry..bench..",
                    "dev.skerry..cli..");

    private static final ArchRule HOST_KNOWS_NO_CALLER = noClasses()
            .that()
            .resideInAPackage("dev.skerry..host..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.skerry..server..", "dev.skerry..testkit..", "dev.skerry..bench..", "dev.skerry..cli..");

    private static final ArchRule SERVER_KNOWS_HOSTS_BY_THEIR_INTERFACE = noClasses()
            .that()
            .resideInAPackage("dev.skerry..server..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.skerry..host..", "dev.skerry..testkit..", "dev.skerry..bench..", "dev.skerry..cli..");

    private static final ArchRule DECISIONS_ARE_PURE = noClasses()
            .that()
            .resideInAPackage("dev.skerry..server..")
            .and()
            .haveNameMatching(".*(Lifecycle|State)(\\$.*)?")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "java.io..", "java.net..", "java.nio..", "java.sql..", "java.util.concurrent..", "org.slf4j..")
            .because("a decision must be replayable from its arguments alone");

    private static final ArchRule ONLY_STORES_SEE_SQL = noClasses()
            .that()
            .resideInAPackage("dev.skerry..server..")
            .and()
            .resideOutsideOfPackages(
                    "..server",
                    "..server.sandboxes..",
                    "..server.tenants..",
                    "..server.database..",
                    "..server.leases..",
                    "..server.webhooks..",
                    "..server.jobs..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.sql..", "javax.sql..", "org.jdbi..");

    private static final ArchRule FEATURES_OF_THE_SERVER_HAVE_NO_CYCLES =
            slices().matching("dev.skerry..server.(*)..").should().beFreeOfCycles();

    private static final ArchRule TESTKIT_KNOWS_ONLY_THE_ENGINE = noClasses()
            .that()
            .resideInAPackage("dev.skerry..testkit..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.skerry..bench..", "dev.skerry..cli..");

    private static final ArchRule BENCHMARKS_KNOW_ONLY_THE_ENGINE = noClasses()
            .that()
            .resideInAPackage("dev.skerry..bench..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.skerry..testkit..", "dev.skerry..cli..");

    private static final ArchRule THE_COMMAND_FINDS_EXTENSIONS_BY_NAME = noClasses()
            .that()
            .resideInAPackage("dev.skerry..cli..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.skerry..testkit..", "dev.skerry..bench..")
            .because("a release leaves both out");

    private static final ArchRule FOUNDATIONS_KNOW_NO_DRIVER = noClasses()
            .that()
            .resideInAnyPackage("..host.cgroups..", "..host.uids..", "..host.seccomp..", "..host.templates..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("..host.drivers..", "..host.jobs..");

    private static final ArchRule FOUNDATIONS_HAVE_NO_CYCLES = slices().matching(
                    "dev.skerry..host.(cgroups|uids|seccomp|templates|jobs)..")
            .should()
            .beFreeOfCycles();

    private static final ArchRule ONLY_DRIVERS_START_PROCESSES = noClasses()
            .that()
            .resideInAnyPackage("dev.skerry..wire..", "dev.skerry..host..", "dev.skerry..server..", "dev.skerry..cli..")
            .and()
            .resideOutsideOfPackages(
                    "dev.skerry..host.drivers..", "dev.skerry..host.templates..", "dev.skerry..host.disks..")
            .should()
            .dependOnClassesThat()
            .areAssignableTo(ProcessBuilder.class)
            .orShould()
            .callMethodWhere(DescribedPredicate.describe("Runtime.exec", ArchitectureTest::isRuntimeExec))
            .because("a template runs ldconfig when it is built, a size of disk mke2fs; all else is a driver's");

    private static final ArchRule TIME_COMES_FROM_A_CLOCK_THAT_IS_GIVEN =
            noClasses().should().callMethod(Instant.class, "now");

    private static final ArchRule NO_GRAB_BAG_NAMES =
            noClasses().should().haveNameMatching(".*(Util|Utils|Helper|Helpers|Impl|Manager|Common|Misc)$");

    private static final ArchRule TOP_LEVEL_CLASSES_ARE_FINAL = classes()
            .that()
            .areNotInterfaces()
            .and()
            .areNotEnums()
            .and()
            .areTopLevelClasses()
            .should()
            .haveModifier(JavaModifier.FINAL)
            .because("what nobody may extend says so; an enum whose constants have bodies cannot");

    private static final ArchRule NO_MUTABLE_STATICS =
            fields().that().areStatic().should().beFinal();

    private static boolean isRuntimeExec(JavaCall<?> call) {
        return call.getTargetOwner().isEquivalentTo(Runtime.class)
                && call.getName().equals("exec");
    }

    /** The code keeps the rule, and what was planted to break it is reported by the same rule. */
    private static void holds(ArchRule rule, String planted, String... culprits) {
        String name = ArchitectureTest.class.getPackageName() + ".planted." + planted;
        JavaClasses bad = new ClassFileImporter().importPackages(name);
        List<String> report =
                rule.allowEmptyShould(true).evaluate(bad).getFailureReport().getDetails();
        assertThat(report).as("the violation planted in " + name).isNotEmpty();
        assertThat(String.join("\n", report)).contains(culprits);
        rule.check(CODE);
    }

    @Test
    void theRulesSeeTheCode() {
        for (String module : MODULES) {
            assertThat(CODE).as(module).anyMatch(type -> type.getPackageName().startsWith(ROOT + "." + module));
        }
        assertThat(CODE.size()).isGreaterThan(200);
        assertThat(CODE).noneMatch(type -> type.getPackageName().contains(".planted"));
    }

    @Test
    void wireKnowsNobody() {
        holds(WIRE_KNOWS_NOBODY, "layers.wire", "UpwardFrame");
    }

    @Test
    void hostKnowsNoCaller() {
        holds(HOST_KNOWS_NO_CALLER, "layers.host", "CallingEngine");
    }

    @Test
    void serverKnowsHostsByTheirInterface() {
        holds(SERVER_KNOWS_HOSTS_BY_THEIR_INTERFACE, "layers.server", "DoorToTheEngine");
    }

    @Test
    void decisionsArePure() {
        holds(DECISIONS_ARE_PURE, "purity", "LoggingLifecycle");
    }

    @Test
    void onlyStoresSeeSql() {
        holds(ONLY_STORES_SEE_SQL, "sql", "AskingDoor");
    }

    @Test
    void featuresOfTheServerHaveNoCycles() {
        holds(FEATURES_OF_THE_SERVER_HAVE_NO_CYCLES, "rounds", "RoundDoor", "RoundLife");
    }

    @Test
    void testkitKnowsOnlyTheEngine() {
        holds(TESTKIT_KNOWS_ONLY_THE_ENGINE, "layers.testkit", "PrintedClaim");
    }

    @Test
    void benchmarksKnowOnlyTheEngine() {
        holds(BENCHMARKS_KNOW_ONLY_THE_ENGINE, "layers.bench", "PrintedContest");
    }

    @Test
    void theCommandFindsExtensionsByName() {
        holds(THE_COMMAND_FINDS_EXTENSIONS_BY_NAME, "layers.cli", "AttackCommand", "MeasureCommand");
    }

    @Test
    void foundationsKnowNoDriver() {
        holds(FOUNDATIONS_KNOW_NO_DRIVER, "foundations.host", "DrivenCgroup", "EndlessTemplate");
    }

    @Test
    void foundationsHaveNoCycles() {
        holds(FOUNDATIONS_HAVE_NO_CYCLES, "cycles", "RoundUids", "RoundTemplate");
    }

    @Test
    void onlyDriversStartProcesses() {
        holds(ONLY_DRIVERS_START_PROCESSES, "processes", "StartingStream", "ShellingCommand");
    }

    @Test
    void timeComesFromAClockThatIsGiven() {
        holds(TIME_COMES_FROM_A_CLOCK_THAT_IS_GIVEN, "time", "OwnClock");
    }

    @Test
    void noGrabBagNames() {
        holds(NO_GRAB_BAG_NAMES, "names", "FrameUtil", "SandboxManager");
    }

    @Test
    void topLevelClassesAreFinal() {
        holds(TOP_LEVEL_CLASSES_ARE_FINAL, "open", "OpenClass");
    }

    @Test
    void noMutableStatics() {
        holds(NO_MUTABLE_STATICS, "statics", "count");
    }
}

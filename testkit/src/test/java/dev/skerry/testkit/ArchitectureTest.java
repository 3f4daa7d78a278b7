package dev.skerry.testkit;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** The rules of CONTRIBUTING.md that a compiler does not know, for wire, host and testkit. */
class ArchitectureTest {
    private static final JavaClasses CODE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.skerry.wire", "dev.skerry.host", "dev.skerry.testkit");

    @Test
    void theRulesSeeTheCode() {
        assertThat(CODE.size()).isGreaterThan(100);
    }

    @Test
    void wireKnowsNobody() {
        noClasses()
                .that()
                .resideInAPackage("dev.skerry.wire..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.skerry.host..", "dev.skerry.testkit..")
                .check(CODE);
    }

    @Test
    void foundationsKnowNoDriver() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "..host.cgroups..",
                        "..host.uids..",
                        "..host.seccomp..",
                        "..host.templates..",
                        "..host.stream..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("..host.drivers..", "..host.jobs..")
                .check(CODE);
    }

    @Test
    void foundationsHaveNoCycles() {
        slices().matching("dev.skerry.host.(cgroups|uids|seccomp|templates|stream|jobs)..")
                .should()
                .beFreeOfCycles()
                .check(CODE);
    }

    @Test
    void onlyDriversStartProcesses() {
        noClasses()
                .that()
                .resideInAPackage("dev.skerry.host..")
                .and()
                .resideOutsideOfPackages("dev.skerry.host.drivers..", "dev.skerry.host.templates..")
                .should()
                .dependOnClassesThat()
                .areAssignableTo(ProcessBuilder.class)
                .because("a template runs ldconfig once, when it is built;"
                        + " everything else that is started is a driver's")
                .check(CODE);
    }

    @Test
    void timeComesFromAClockThatIsGiven() {
        noClasses().should().callMethod(Instant.class, "now").check(CODE);
    }

    @Test
    void noGrabBagNames() {
        noClasses()
                .should()
                .haveNameMatching(".*(Util|Utils|Helper|Helpers|Impl|Manager|Common|Misc)$")
                .check(CODE);
    }

    @Test
    void topLevelClassesAreFinal() {
        classes()
                .that()
                .areNotInterfaces()
                .and()
                .areTopLevelClasses()
                .should()
                .haveModifier(JavaModifier.FINAL)
                .check(CODE);
    }

    @Test
    void noMutableStatics() {
        fields().that().areStatic().should().beFinal().check(CODE);
    }
}

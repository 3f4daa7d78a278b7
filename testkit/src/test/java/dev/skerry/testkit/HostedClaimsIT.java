package dev.skerry.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.skerry.host.disks.Disks;
import dev.skerry.host.drivers.Drivers;
import dev.skerry.host.engine.Engine;
import dev.skerry.host.templates.Template;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Privilege;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The walls of a sandbox as a server has them, with a disk and with sudo; AgentDiskTest has the limits of disks. */
class HostedClaimsIT {
    private static final List<String> CLAIMS = List.of("C1", "C3", "C10", "C13", "C14", "C15", "C16");

    private final Disks disks = Disks.open(TestEngines.data());

    @TestFactory
    Stream<DynamicTest> theWallsStandAroundADiskAndSudo() {
        Template template = template(Privilege.SUDO);
        assertThat(template.hasSetuid()).as("apt-get install sudo").isTrue();
        return claims(template, CLAIMS);
    }

    /** With the right to sudo but no sudo: there is no other setuid program. */
    @TestFactory
    Stream<DynamicTest> nothingButSudoIsSetuid() {
        return claims(template(Privilege.NONE), List.of("C12"));
    }

    private static Template template(Privilege privilege) {
        try (Engine plain = TestEngines.open()) {
            return plain.template(Template.BASE, privilege);
        }
    }

    private Stream<DynamicTest> claims(Template template, List<String> wanted) {
        var driver = new OnDiskWithSudo(Drivers.container(TestEngines.guestd()), disks, template.lowerLayers());
        Engine engine = TestEngines.open(new Drivers(List.of(driver)));
        return Claims.all().stream()
                .filter(claim -> wanted.contains(claim.id()))
                .map(claim -> dynamicTest(
                        claim.id() + " " + claim.title(), () -> claim.check(new Arena(engine, Isolation.CONTAINER))))
                .onClose(() -> {
                    engine.close();
                    assertThat(disks.list()).isEmpty();
                });
    }
}

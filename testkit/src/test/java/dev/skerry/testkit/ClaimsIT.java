package dev.skerry.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Drivers;
import dev.skerry.host.engine.Engine;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every claim on every driver; on crun those that are not up to cgroups, which do not know who started a sandbox.
 * {@link GvisorClaimsIT} has gVisor, which takes as long as all others.
 */
class ClaimsIT {
    private static final Set<String> WALLS = Set.of("C1", "C2", "C3", "C12", "C13", "C14", "C15", "C16");

    @TestFactory
    Stream<DynamicTest> everyClaimHoldsOnOurLauncher() {
        return claims("own");
    }

    /** Of those that the engine chooses itself. */
    static Stream<DynamicTest> claims(String runtime) {
        Engine engine = TestEngines.open();
        List<String> available =
                engine.drivers().available().stream().map(ClaimsIT::runtime).toList();
        assertThat(available)
                .as("install what is missing with: apt-get install runsc; 'guestd trial' says what our launcher lacks")
                .containsExactly("own", "runsc");
        return claims(engine, Claims.all()).filter(test -> test.getDisplayName().startsWith(runtime + " "));
    }

    private static String runtime(Driver driver) {
        return driver.runtime().split(" ", 2)[0];
    }

    /** Which hosts use where our launcher does not work, or they are told to. */
    @TestFactory
    Stream<DynamicTest> theWallsStandOnCrun() {
        List<Claim> walls = Claims.all().stream()
                .filter(claim -> WALLS.contains(claim.id()))
                .toList();
        assertThat(walls).hasSameSizeAs(WALLS);
        return claims(TestEngines.open(new Drivers(List.of(Drivers.container(TestEngines.runtime("crun"))))), walls);
    }

    /** Which hosts use only where crun is missing too. */
    @TestFactory
    Stream<DynamicTest> everyClaimHoldsOnRunc() {
        return claims(
                TestEngines.open(new Drivers(List.of(Drivers.container(TestEngines.runtime("runc"))))), Claims.all());
    }

    /** Closing the stream closes the engine. */
    private static Stream<DynamicTest> claims(Engine engine, List<Claim> claims) {
        return engine.drivers().available().stream()
                .flatMap(driver -> claims.stream().map(claim -> test(engine, driver, claim)))
                .onClose(engine::close);
    }

    private static DynamicTest test(Engine engine, Driver driver, Claim claim) {
        return dynamicTest(
                driver.runtime() + " " + claim.id() + " " + claim.title(),
                () -> claim.check(new Arena(engine, driver.level())));
    }
}

package dev.skerry.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Drivers;
import dev.skerry.host.engine.Engine;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every claim on every driver, and on both runtimes of level container. */
class ClaimsIT {
    @TestFactory
    Stream<DynamicTest> everyClaimHoldsOnCrunAndGvisor() {
        Engine engine = TestEngines.open();
        assertThat(engine.drivers().available().stream()
                        .map(driver -> driver.runtime().split(" ", 2)[0]))
                .as("install what is missing with: apt-get install crun runsc")
                .containsExactly("crun", "runsc");
        return claims(engine);
    }

    /** Which hosts use only where crun is missing. */
    @TestFactory
    Stream<DynamicTest> everyClaimHoldsOnRunc() {
        return claims(TestEngines.open(new Drivers(List.of(Drivers.container(TestEngines.runtime("runc"))))));
    }

    /** Closing the stream closes the engine. */
    private static Stream<DynamicTest> claims(Engine engine) {
        return engine.drivers().available().stream()
                .flatMap(driver -> Claims.all().stream().map(claim -> test(engine, driver, claim)))
                .onClose(engine::close);
    }

    private static DynamicTest test(Engine engine, Driver driver, Claim claim) {
        return dynamicTest(
                driver.runtime() + " " + claim.id() + " " + claim.title(),
                () -> claim.check(new Arena(engine, driver.level())));
    }
}

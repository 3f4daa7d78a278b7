package dev.skerry.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.engine.Engine;
import dev.skerry.wire.Isolation;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every claim on every driver of this host. */
class ClaimsIT {
    private static Engine engine;

    @BeforeAll
    static void open() {
        engine = TestEngines.open();
        assertThat(engine.drivers().available().stream().map(Driver::level))
                .as("install what is missing with: apt-get install crun runsc")
                .contains(Isolation.CONTAINER, Isolation.GVISOR);
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    @TestFactory
    List<DynamicTest> everyClaimHoldsOnEveryDriver() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Driver driver : engine.drivers().available()) {
            for (Claim claim : Claims.all()) {
                tests.add(dynamicTest(
                        driver.level().label() + " " + claim.id() + " " + claim.title(),
                        () -> claim.check(new Arena(engine, driver.level()))));
            }
        }
        return tests;
    }
}

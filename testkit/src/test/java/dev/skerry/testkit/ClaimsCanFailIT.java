package dev.skerry.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Drivers;
import dev.skerry.host.engine.Engine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** A claim that cannot fail shows nothing: each of these holes must be found by the claim beside it. */
class ClaimsCanFailIT {
    private static final Duration SETTLE = Duration.ofSeconds(1);
    private static final Duration CLEAN = Duration.ofSeconds(10);

    @TestFactory
    List<DynamicTest> everyHoleIsFound() {
        return Holes.all().stream()
                .map(hole -> dynamicTest(hole.claim() + " " + hole.title(), () -> isFound(hole)))
                .toList();
    }

    private static void isFound(Hole hole) {
        Claim claim = Claims.all().stream()
                .filter(each -> each.id().equals(hole.claim()))
                .findFirst()
                .orElseThrow();
        Weakness weakness = hole.weakness().get();
        Driver driver = new WeakenedDriver(weakness);
        try (Engine engine = TestEngines.open(new Drivers(List.of(driver)))) {
            HostInventory before = HostInventory.of(engine);
            try (weakness) {
                Arena arena =
                        new Arena(engine, driver.level(), new Arena.Conditions(hole.limits(), hole.output(), SETTLE));
                assertThatThrownBy(() -> claim.check(arena))
                        .isInstanceOf(ClaimBroken.class)
                        .hasMessageContaining(hole.finding());
            }
            HostInventory.assertNothingNew(engine, before, CLEAN);
        }
    }

    @Test
    void everyClaimHasAHoleAndTheTableNamesIt() throws IOException {
        String table = Files.readString(Path.of(System.getProperty("skerry.root", ".."), "docs/SPEC.md"));
        for (Claim claim : Claims.all()) {
            List<Hole> holes = Holes.all().stream()
                    .filter(hole -> hole.claim().equals(claim.id()))
                    .toList();
            assertThat(holes).as(claim.id()).isNotEmpty();
            String row = table.lines()
                    .filter(line -> line.startsWith("| " + claim.id() + " |"))
                    .findFirst()
                    .orElseThrow();
            assertThat(row).contains(holes.stream().map(Hole::title).toList());
        }
    }
}

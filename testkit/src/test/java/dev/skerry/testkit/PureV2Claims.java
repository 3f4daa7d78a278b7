package dev.skerry.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.skerry.host.engine.Engine;
import dev.skerry.wire.Isolation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every claim on level container where nothing but cgroup v2 is mounted. Not found by a build on its own: it runs in
 * the machine that {@code PureV2IT} boots.
 */
class PureV2Claims {
    private static Engine engine;

    @BeforeAll
    static void open() {
        assertThat(Path.of("/sys/fs/cgroup/cgroup.controllers"))
                .as("the file of a v2 root")
                .exists();
        assertThat(Files.isDirectory(Path.of("/sys/fs/cgroup/memory"))).isFalse();
        engine = TestEngines.open();
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    @TestFactory
    List<DynamicTest> everyClaimHolds() {
        return Claims.all().stream()
                .map(claim -> dynamicTest(
                        claim.id() + " " + claim.title(), () -> claim.check(new Arena(engine, Isolation.CONTAINER))))
                .toList();
    }
}

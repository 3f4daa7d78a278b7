package dev.skerry.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.skerry.host.engine.Engine;
import dev.skerry.wire.Isolation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The claims on level container where nothing but cgroup v2 is mounted and systemd has made all mounts shared.
 * Not found by a build on its own: it runs in the machine that {@code PureV2IT} boots.
 */
class PureV2Claims {
    /** What neither groups nor mounts take part in is the same there, and takes much longer to show. */
    private static final Set<String> LEFT_OUT = Set.of("C9", "C13", "C14", "C16", "C19");

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
    List<DynamicTest> theClaimsHold() {
        assertThat(Claims.all().stream().map(Claim::id)).containsAll(LEFT_OUT);
        return Claims.all().stream()
                .filter(claim -> !LEFT_OUT.contains(claim.id()))
                .map(claim -> dynamicTest(
                        claim.id() + " " + claim.title(), () -> claim.check(new Arena(engine, Isolation.CONTAINER))))
                .toList();
    }
}

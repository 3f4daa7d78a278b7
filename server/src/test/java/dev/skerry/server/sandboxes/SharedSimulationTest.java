package dev.skerry.server.sandboxes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.sandboxes.SharedSimulation.Fault;
import dev.skerry.server.sandboxes.SharedSimulation.Seen;
import java.util.EnumSet;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Thousands of random histories of two servers; a failing one is repeated by its seed. */
class SharedSimulationTest {
    private static final Logger LOG = Logger.getLogger(SandboxEngine.class.getPackageName());

    /** More of them: -Dskerry.histories=N. */
    private static final int HISTORIES = Integer.getInteger("skerry.histories", 2000);

    private static final int UNTIL_SEEN = 2000;

    @BeforeAll
    static void quietly() {
        LOG.setLevel(Level.OFF);
    }

    @AfterAll
    static void loudly() {
        LOG.setLevel(null);
    }

    @Test
    void whateverHappensNoServerDoesHarmWithWhatItHasLost() {
        EnumSet<Seen> seen = EnumSet.noneOf(Seen.class);
        for (long seed = 0; seed < HISTORIES; seed++) {
            SharedSimulation simulation = new SharedSimulation(seed, Fault.NONE);
            List<String> violations = simulation.run();
            assertThat(violations).as("seed %d", seed).isEmpty();
            seen.addAll(simulation.seen);
        }
        // Where nothing goes wrong nothing is shown.
        assertThat(seen).containsExactlyInAnyOrder(Seen.values());
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void whatIsWrongWithAServerIsFound(Fault fault) {
        assertThat(LongStream.range(0, UNTIL_SEEN)
                        .anyMatch(
                                seed -> !new SharedSimulation(seed, fault).run().isEmpty()))
                .isTrue();
    }
}

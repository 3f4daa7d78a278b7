package dev.skerry.server.sandboxes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Thousands of random histories; a failing one is repeated by its seed. */
class SimulationTest {
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
    void whateverHappensNothingIsLostOrLeakedOrOwnedTwice() {
        for (long seed = 0; seed < HISTORIES; seed++) {
            if (!new Simulation(seed, UnaryOperator.identity(), Set.of()).run().isEmpty()) {
                Simulation again = new Simulation(seed, UnaryOperator.identity(), Set.of()).traced();
                assertThat(again.run()).as("seed %d: %s", seed, again.history()).isEmpty();
            }
        }
    }

    private static boolean found(UnaryOperator<SandboxStore> flaw) {
        return found(flaw, Set.of());
    }

    private static boolean found(UnaryOperator<SandboxStore> flaw, Set<SimulatedHost.Call> pretended) {
        return LongStream.range(0, UNTIL_SEEN)
                .anyMatch(seed -> !new Simulation(seed, flaw, pretended).run().isEmpty());
    }

    @Test
    void aStoreThatForgetsAWriteItHasConfirmedIsFound() {
        assertThat(found(inner -> new ForwardingStore(inner) {
                    private int writes;

                    @Override
                    public boolean replace(Sandbox next, List<Note> notes) {
                        writes++;
                        return writes % 20 == 0 || super.replace(next, notes);
                    }
                }))
                .isTrue();
    }

    @Test
    void aStoreThatWritesTheHistoryInASecondStepIsFound() {
        assertThat(found(inner -> new ForwardingStore(inner) {
                    private int writes;

                    @Override
                    public boolean replace(Sandbox next, List<Note> notes) {
                        writes++;
                        // Now and then the process ends between the two.
                        return super.replace(next, writes % 20 == 0 ? List.of() : notes);
                    }
                }))
                .isTrue();
    }

    @Test
    void aHostThatKeepsDisksItWasToDiscardIsFound() {
        assertThat(found(UnaryOperator.identity(), Set.of(SimulatedHost.Call.DISCARD_DISK)))
                .isTrue();
    }

    @Test
    void aHostThatKeepsSandboxesItWasToDestroyIsFound() {
        assertThat(found(UnaryOperator.identity(), Set.of(SimulatedHost.Call.DESTROY)))
                .isTrue();
    }
}

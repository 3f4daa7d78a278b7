package dev.skerry.bench.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skerry.bench.jobs.Fairness.Job;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FairnessTest {
    private static final Instant START = Instant.parse("2026-05-01T08:00:00Z");

    private static Job job(String user, int came, int began) {
        return new Job(user, START.plusMillis(came), START.plusMillis(began), START.plusMillis(began + 5L));
    }

    @Test
    void usersThatTakeTurnsHaveAnIndexOfOne() {
        List<Job> jobs = new ArrayList<>();
        for (int turn = 0; turn < 4; turn++) {
            for (int user = 0; user < 10; user++) {
                jobs.add(job("u" + user, user * 4 + turn, 100 + turn * 10 + user));
            }
        }
        Fairness fairness = new Fairness(jobs);
        assertThat(fairness.index()).isEqualTo(1);
        // The first five would have had all of their four jobs begun, and the others none.
        assertThat(fairness.inOrderOfArrival()).isCloseTo(0.5, within(1e-9));
    }

    @Test
    void oneThatHasAllHasAnIndexOfOneInSoMany() {
        List<Job> jobs = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            jobs.add(job("greedy", i, i));
        }
        for (int user = 1; user < 10; user++) {
            jobs.add(job("u" + user, user, 1000 + user));
        }
        assertThat(new Fairness(jobs).index()).isCloseTo(0.1, within(1e-9));
    }

    @Test
    void waitsAreThoseOfEachUsersFirstAndLast() {
        Fairness fairness = new Fairness(List.of(job("a", 0, 10), job("a", 2, 40), job("b", 20, 25)));
        assertThat(fairness.firstTurns()).containsExactlyInAnyOrder(10.0, 5.0);
        assertThat(fairness.allEnded()).containsExactlyInAnyOrder(45.0, 10.0);
    }

    @Test
    void timeIsCountedUntilTheMomentOfTheIndex() {
        // Two turns of four; the second begins at 30, when one has run for 30 ms and the other not yet.
        List<Job> jobs = List.of(
                new Job("a", START, START, START.plusMillis(100)), job("a", 0, 200), job("b", 0, 30), job("b", 0, 300));
        assertThat(new Fairness(jobs).index()).isEqualTo(1);
        assertThat(new Fairness(jobs).indexOfTime()).isCloseTo(0.5, within(1e-9));
    }
}

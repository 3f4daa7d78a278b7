package dev.skerry.bench.judging;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.bench.judging.Timetable.Submission;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class TimetableTest {
    private static final Duration LENGTH = Duration.ofMinutes(10);

    @Test
    void theSameSeedGivesTheSameDay() {
        assertThat(Timetable.of(LENGTH, 500, 7)).isEqualTo(Timetable.of(LENGTH, 500, 7));
        assertThat(Timetable.of(LENGTH, 500, 7)).isNotEqualTo(Timetable.of(LENGTH, 500, 8));
    }

    @Test
    void everythingIsSentWithinTheDayInItsOrder() {
        List<Duration> times = Timetable.of(LENGTH, 6000, 1).submissions().stream()
                .map(Submission::at)
                .toList();
        assertThat(times).isSorted().allMatch(at -> at.compareTo(LENGTH) < 0).hasSizeBetween(5990, 6000);
    }

    @Test
    void deadlinesAreHerds() {
        long lesson = LENGTH.toMillis() / 6;
        List<Submission> all = Timetable.of(LENGTH, 6000, 1).submissions();
        long late = all.stream()
                .filter(each -> each.at().toMillis() % lesson >= lesson * 9 / 10)
                .count();
        // 60 % of what lessons send and a tenth of the rest, of which there would be a tenth if all were even.
        assertThat((double) late / all.size()).isBetween(0.45, 0.55);
    }

    @Test
    void lessonsEndEvenlyUntilTheEndOfTheDay() {
        assertThat(Timetable.deadlines(LENGTH)).containsExactly(100, 200, 300, 400, 500, 600);
    }
}

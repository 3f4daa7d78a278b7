package dev.skerry.bench.judging;

import dev.skerry.bench.jobs.SmallProgram;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * When the pupils of a coding school send their programs on one day, told as if the day had the length of a run: some
 * all day, most while their class has its lesson, and many of those in the last minutes before its deadline.
 *
 * @param submissions in the order of their times
 */
record Timetable(List<Submission> submissions) {
    private static final int LESSONS = 6;
    private static final int PUPILS = 30;
    /** Of the sendings of a lesson, so many fall into its last tenth. */
    private static final double LATE = 0.6;

    /**
     * One program that is sent.
     *
     * @param at after the beginning
     * @param pupil whose it is, in all classes
     */
    record Submission(Duration at, SmallProgram program, String pupil) {}

    Timetable {
        submissions = List.copyOf(submissions);
    }

    /**
     * @param length of the run
     * @param count about so many in all
     * @param seed the same seed gives the same day
     */
    static Timetable of(Duration length, int count, long seed) {
        Random random = new Random(seed);
        List<Submission> all = new ArrayList<>();
        long millis = length.toMillis();
        int practice = count / 4;
        for (int i = 0; i < practice; i++) {
            all.add(submission(random.nextLong(millis), random, random.nextInt(LESSONS)));
        }
        long lesson = millis / LESSONS;
        int each = (count - practice) / LESSONS;
        for (int of = 0; of < LESSONS; of++) {
            for (int i = 0; i < each; i++) {
                all.add(submission(of * lesson + within(lesson, random), random, of));
            }
        }
        all.sort(Comparator.comparing(Submission::at));
        return new Timetable(all);
    }

    /** When lessons end, in seconds after the beginning of a run of that length. */
    static List<Integer> deadlines(Duration length) {
        return IntStream.rangeClosed(1, LESSONS)
                .mapToObj(lesson -> (int) (length.toSeconds() * lesson / LESSONS))
                .toList();
    }

    private static long within(long lesson, Random random) {
        long last = lesson / 10;
        return random.nextDouble() < LATE
                ? lesson - last + (long) (last * Math.sqrt(random.nextDouble()) * 0.999)
                : random.nextLong(lesson);
    }

    private static Submission submission(long atMillis, Random random, int lesson) {
        double kind = random.nextDouble();
        SmallProgram program = kind < 0.8 ? SmallProgram.PYTHON : kind < 0.95 ? SmallProgram.C : SmallProgram.JAVA;
        return new Submission(Duration.ofMillis(atMillis), program, "class" + lesson + "-" + random.nextInt(PUPILS));
    }
}

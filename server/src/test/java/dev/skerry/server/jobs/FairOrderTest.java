package dev.skerry.server.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skerry.server.jobs.FairOrder.Place;
import dev.skerry.server.jobs.OrderedRun.Job;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class FairOrderTest {
    private static final int USERS = 500;
    private static final String CLASS = "class";

    /** Whatever comes: no place stays free, none is given twice, all that came have run or were taken out. */
    @Property(tries = 150)
    void noPlaceStaysFreeAndAllHaveTheirTurn(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 6) int slots,
            @ForAll @IntRange(min = 1, max = 4) int cap) {
        Random random = new Random(seed);
        OrderedRun run = new OrderedRun(slots, cap, Map.of("t0", 3.0, "t1", 0.5));
        List<Place<Job>> offered = new ArrayList<>();
        int withdrawn = 0;
        for (int i = 0; i < 150; i++) {
            switch (random.nextInt(4)) {
                case 0, 1 ->
                    offered.add(run.offer(
                            "t" + random.nextInt(4),
                            "u" + random.nextInt(5),
                            random.nextInt(21) - 10,
                            0.1 + random.nextDouble(),
                            0.1 + 2 * random.nextDouble()));
                case 2 -> run.step();
                default ->
                    withdrawn +=
                            !offered.isEmpty() && run.withdraw(offered.get(random.nextInt(offered.size()))) ? 1 : 0;
            }
            run.fill();
            assertThat(run.order.flows())
                    .isLessThanOrEqualTo(2 * (run.order.waiting() + run.order.running()) + 3 * FairOrder.SWEEP);
        }
        run.drain();
        assertThat(run.started).hasSize(offered.size() - withdrawn);
        assertThat(run.order.waiting() + run.order.running() + run.order.flows())
                .isZero();
    }

    /** Two that always wait share by their weights, whatever their jobs cost and however wrong the estimates are. */
    @Property(tries = 40)
    void timeIsSharedByWeight(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 5) int weight,
            @ForAll @IntRange(min = 1, max = 4) int slots) {
        Random random = new Random(seed);
        OrderedRun run = new OrderedRun(slots, slots, Map.of("heavy", (double) weight));
        for (int i = 0; i < 1200; i++) {
            run.offer("heavy", "u" + i % 3, 0, 0.2, 0.1 + random.nextDouble());
            run.offer("light", "u", 0, 1.5, 0.1 + random.nextDouble());
        }
        while (run.now * slots < 400) {
            run.step();
        }
        double share = run.served.get("heavy") / run.served.get("light");
        assertThat(share).isCloseTo(weight, within(weight * 0.08));
    }

    /** A steady stream of what is more urgent holds up what is least urgent only so long. */
    @Property(tries = 20)
    void prioritiesAndStreamsStarveNobody(@ForAll long seed, @ForAll @IntRange(min = 1, max = 4) int slots) {
        Random random = new Random(seed);
        OrderedRun run = new OrderedRun(slots, slots, Map.of());
        run.offer(CLASS, "patient", -10, 1, 1);
        double waited = 0;
        while (run.now < 500 && run.started.stream().noneMatch(job -> job.who().endsWith("patient"))) {
            while (run.order.waiting() < 30) {
                run.offer(CLASS, "urgent" + random.nextInt(10), 10, 1, 0.5 + random.nextDouble());
            }
            run.step();
            waited = run.now;
        }
        double highest = 2 * FairOrder.PRIORITY_MAX * FairOrder.AGING.toSeconds();
        assertThat(waited).isBetween(FairOrder.AGING.toSeconds() * 1.0, highest + 45.0);
    }

    /** Who comes to a tenant that others keep busy waits for one job of each at most, not for all that they have. */
    @Property(tries = 20)
    void whoComesLateIsNotBehindAllThatWait(@ForAll @IntRange(min = 1, max = 40) int others) {
        OrderedRun run = new OrderedRun(1, 1, Map.of());
        for (int i = 0; i < others; i++) {
            for (int k = 0; k < 20; k++) {
                run.offer("t" + i, "u", 0, 1, 1);
            }
        }
        for (int i = 0; i < 7; i++) {
            run.step();
        }
        double came = run.now;
        int ahead = run.order.ahead("late", "u", 0, 0);
        assertThat(ahead).isLessThanOrEqualTo(others);
        run.offer("late", "u", 0, 1, 1);
        while (run.started.stream().noneMatch(job -> job.who().startsWith("late"))) {
            run.step();
        }
        assertThat(run.now - came).isLessThanOrEqualTo(others + 1);
    }

    /** One hands in a hundred times before anybody else, the others between ten and forty times each. */
    @Test
    void fiveHundredThatHandInInTheSameSecondAreServedAlike() {
        Random random = new Random(7);
        List<String[]> handedIn = new ArrayList<>();
        for (int user = 1; user < USERS; user++) {
            for (int i = 10 + random.nextInt(31); i > 0; i--) {
                handedIn.add(new String[] {"u" + user});
            }
        }
        Collections.shuffle(handedIn, random);
        for (int i = 0; i < 1000; i++) {
            handedIn.addFirst(new String[] {"u0"});
        }
        OrderedRun run = new OrderedRun(4, 4, Map.of());
        double[] inOrderOfArrival = new double[USERS];
        double halfway = USERS * 10 * 0.1 / 4;
        double given = 0;
        for (String[] one : handedIn) {
            double cost = 0.05 + 0.1 * random.nextDouble();
            run.offer(CLASS, one[0], 0, 0.1, cost);
            if (given < halfway * 4) {
                inOrderOfArrival[Integer.parseInt(one[0].substring(1))] += cost;
                given += cost;
            }
        }
        while (run.now < halfway) {
            run.step();
        }
        List<Double> shares = IntStream.range(0, USERS)
                .mapToObj(user -> run.served.getOrDefault(CLASS + "/u" + user, 0.0))
                .toList();
        double fair = OrderedRun.jain(shares);
        double first = OrderedRun.jain(Arrays.stream(inOrderOfArrival).boxed().toList());
        System.out.printf(
                "Jain's index of %d users, %d jobs: %.4f; first come, first served: %.4f%n",
                USERS, handedIn.size(), fair, first);
        assertThat(fair).isGreaterThanOrEqualTo(0.95);
        assertThat(first).isLessThan(0.7);
        assertThat(shares).allMatch(share -> share > 0);
        run.drain();
        assertThat(run.started).hasSize(handedIn.size());
    }

    /** A tenant that may run one job at a time has nothing to catch up with when it may run more. */
    @Test
    void aTenantAtItsCapLeavesItsPlaceToOthersForGood() {
        OrderedRun run = new OrderedRun(4, 4, Map.of());
        run.caps.put("capped", 1);
        for (int i = 0; i < 600; i++) {
            run.offer("capped", "u", 0, 1, 1);
            run.offer("free", "u", 0, 1, 1);
        }
        while (run.now < 100) {
            run.step();
        }
        assertThat(run.served.get("capped")).isCloseTo(100, within(2.0));
        assertThat(run.served.get("free")).isCloseTo(300, within(4.0));
        run.caps.put("capped", 4);
        run.offer("capped", "u", 0, 1, 1);
        while (run.now < 140) {
            run.step();
        }
        assertThat(run.served.get("capped")).isCloseTo(100 + 80, within(6.0));
        assertThat(run.served.get("free")).isCloseTo(300 + 80, within(6.0));
    }

    /** What changes while they wait and run counts at once, in both directions. */
    @Test
    void theShareOfTenantsWithoutABoundChangesWhileTheyWait() {
        OrderedRun run = new OrderedRun(4, FairOrder.SHARE, Map.of());
        run.order.share(3);
        for (int i = 0; i < 100; i++) {
            run.offer("a", "u", 0, 1, 1);
        }
        run.bound = 3;
        run.fill();
        assertThat(run.order.running()).isEqualTo(3);
        run.order.share(4);
        run.bound = 4;
        run.fill();
        assertThat(run.order.running()).isEqualTo(4);
        run.order.share(3);
        run.bound = 3;
        run.offer("b", "u", 0, 1, 1);
        run.step();
        assertThat(run.started.getLast().who()).isEqualTo("b/u");
        run.drain();
        assertThat(run.started).hasSize(101);
    }

    @Test
    void ofOneUserTheMoreUrgentGoesFirstAndThenTheOlder() {
        OrderedRun run = new OrderedRun(1, 1, Map.of());
        run.offer(CLASS, "u", 0, 1, 1);
        run.offer(CLASS, "u", 0, 2, 2);
        run.offer(CLASS, "u", 5, 3, 3);
        run.offer(CLASS, "u", -5, 4, 4);
        run.drain();
        assertThat(run.started).extracting(Job::actual).containsExactly(3.0, 1.0, 2.0, 4.0);
    }
}

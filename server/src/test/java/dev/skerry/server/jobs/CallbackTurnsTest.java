package dev.skerry.server.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.jobs.JobStore.Telling;
import dev.skerry.server.tenants.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** In a made-up time. */
class CallbackTurnsTest {
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final CallbackTurns turns = new CallbackTurns();

    private static Telling telling(String tenant, String host, int number, long size) {
        return new Telling(
                tenant + host + number, new TenantId(tenant), "http://" + host + "/x", NOON.plusMillis(number), size);
    }

    private static List<Telling> many(String tenant, String host, int count) {
        return IntStream.range(0, count)
                .mapToObj(number -> telling(tenant, host, number, 1000))
                .toList();
    }

    @SafeVarargs
    private static List<Telling> all(List<Telling>... lists) {
        List<Telling> all = new ArrayList<>();
        for (List<Telling> list : lists) {
            all.addAll(list);
        }
        return all;
    }

    private List<Telling> begin(List<Telling> due, Instant now) {
        return turns.plan(due, now).begin();
    }

    private void fail(List<Telling> all, Instant now) {
        all.forEach(one -> turns.over(one, Optional.of(false), LIMIT, now));
    }

    @Test
    void aTenantHasAQuarterOfThePlacesAndTenantsTakeTurns() {
        List<Telling> due = all(many("a", "x", 100), many("b", "x", 100), many("c", "x", 2));
        List<Telling> first = begin(due, NOON);
        assertThat(count(first, "a")).isEqualTo(CallbackTurns.OF_TENANT);
        assertThat(count(first, "b")).isEqualTo(CallbackTurns.OF_TENANT);
        assertThat(count(first, "c")).isEqualTo(2);
        assertThat(begin(due, NOON)).isEmpty();
        turns.over(first.getFirst(), Optional.of(true), Duration.ofMillis(5), NOON);
        assertThat(begin(due, NOON)).hasSize(1);
    }

    private static long count(List<Telling> all, String tenant) {
        return all.stream().filter(one -> one.tenant().text().equals(tenant)).count();
    }

    /** However many have receivers that do not answer, half of the places are for those that do. */
    @Test
    void receiversThatFailHaveHalfOfThePlaces() {
        List<Telling> dead = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            dead.addAll(many("dead" + i, "gone", 50));
        }
        Instant now = NOON;
        for (int i = 0; i < 40; i++) {
            List<Telling> begun = begin(dead, now);
            now = now.plus(LIMIT);
            fail(begun, now);
        }
        now = now.plusSeconds(120);
        List<Telling> probes = begin(dead, now);
        assertThat(probes).hasSize(CallbackTurns.TROUBLED);
        assertThat(begin(all(dead, many("well", "there", 10)), now)).hasSize(CallbackTurns.OF_TENANT);
    }

    /** What a receiver's failure puts off is put off without being tried, and until when is said. */
    @Test
    void aReceiverThatFailsIsAskedByOneAtATimeAndNotAtOnce() {
        List<Telling> due = many("a", "gone", 30);
        fail(begin(due, NOON), NOON);
        CallbackTurns.Plan plan = turns.plan(all(due, many("a", "there", 1)), NOON.plusMillis(1));
        assertThat(plan.begin()).extracting(Telling::url).containsExactly("http://there/x");
        assertThat(plan.later().values().stream().mapToInt(List::size).sum()).isEqualTo(30);
        Instant until = plan.later().keySet().iterator().next();
        assertThat(until).isAfter(NOON);
        assertThat(begin(due, until)).hasSize(1);
        turns.over(due.getFirst(), Optional.of(true), Duration.ofMillis(5), until);
        assertThat(begin(due, until.plusMillis(1))).hasSizeGreaterThan(1);
    }

    /** Of those that wait the oldest and the newest are told by turns. */
    @Test
    void whatHasJustEndedIsToldAlthoughMuchWaits() {
        assertThat(begin(many("a", "x", 100), NOON))
                .extracting(Telling::token)
                .containsExactly("ax0", "ax99", "ax1", "ax98");
    }

    @Test
    void longResultsWaitForEachOtherAndNobodyWaitsForThem() {
        Telling huge = telling("a", "x", 1, 25 * CallbackTurns.LONG);
        Telling other = telling("b", "y", 2, CallbackTurns.LONG + 1);
        List<Telling> begun = begin(all(List.of(huge, other), many("c", "z", 3)), NOON);
        assertThat(begun).contains(huge).doesNotContain(other).hasSize(4);
        assertThat(begin(List.of(other), NOON.plusSeconds(60))).isEmpty();
        assertThat(begin(List.of(telling("d", "x", 4, CallbackTurns.LONG)), NOON))
                .hasSize(1);
        turns.over(huge, Optional.of(true), Duration.ofMillis(5), NOON);
        assertThat(begin(List.of(other), NOON)).containsExactly(other);
    }
}

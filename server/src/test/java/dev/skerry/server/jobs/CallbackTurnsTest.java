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
    void resultsThatAreToldAtATimeAreBounded() {
        List<Telling> long1 = List.of(telling("a", "x", 1, CallbackTurns.CHARACTERS - 10));
        List<Telling> begun = begin(all(long1, List.of(telling("b", "x", 2, 20))), NOON);
        assertThat(begun).hasSize(1);
        turns.over(begun.getFirst(), Optional.of(true), Duration.ofMillis(5), NOON);
        // One that is longer than all that may is told alone.
        Telling huge = telling("c", "x", 3, 5 * CallbackTurns.CHARACTERS);
        assertThat(begin(List.of(huge), NOON)).containsExactly(huge);
        assertThat(begin(many("d", "x", 3), NOON)).isEmpty();
    }

    /** Short ones come all the time, so that there is always one under way. */
    @Test
    void aLongResultIsNotHeldUpByShortOnesForEver() {
        Telling huge = telling("long", "x", 0, 5 * CallbackTurns.CHARACTERS);
        List<Telling> under = begin(many("short", "x", 2), NOON);
        Instant now = NOON;
        boolean told = false;
        for (int i = 1; i < 60 && !told; i++) {
            now = now.plusSeconds(1);
            turns.over(under.getFirst(), Optional.of(true), Duration.ofMillis(5), now);
            under = new ArrayList<>(under.subList(1, under.size()));
            List<Telling> begun = begin(all(List.of(huge), List.of(telling("short", "x", 10 + i, 1000))), now);
            under.addAll(begun);
            told = begun.contains(huge);
            if (under.isEmpty()) {
                under.addAll(begin(List.of(telling("short", "x", 1000 + i, 1000)), now));
            }
        }
        assertThat(told).isTrue();
        assertThat(Duration.between(NOON, now)).isLessThan(CallbackTurns.PATIENCE.plusSeconds(5));
    }
}

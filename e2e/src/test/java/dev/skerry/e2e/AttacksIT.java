package dev.skerry.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/**
 * The table of attacks, some at a time, on a server that has work of others meanwhile: each is contained, and the
 * client is told what the table says. Afterwards nothing of them is on the host.
 */
@ExtendWith(SharedServer.class)
class AttacksIT {
    private static final int AT_A_TIME = 3;
    private static final int AGAIN = 2;
    private static final List<String> OUT_OF_TIME = List.of("wall clock", "time_limit", "could be opened");
    private static final String POOLS = "/skerry/v1/pools";
    private static final Duration GONE = Duration.ofSeconds(20);

    /** Of a hundred answers to the neighbour so few may take longer than the bound. */
    private static final int SLOW_OF_HUNDRED = 5;

    private static final int NEIGHBOUR_MILLIS_MAX = 5_000;

    @TestFactory
    List<DynamicTest> theTable(ShippedServer server, TestReporter reporter) throws Exception {
        List<DynamicTest> tests = new ArrayList<>();
        try (HttpClient client = HttpClient.newHttpClient()) {
            Doors doors = new Doors(server, server.settings().get("E2B_API_KEY"), client);
            // What is known of the template's languages is kept from the first job on.
            doors.run(Program.python(""));
            List<String> pools = emptied(doors);
            Set<String> before = awaitStill(server);
            fill(doors, pools);
            Map<String, Got> told = new LinkedHashMap<>();
            List<Long> neighbours;
            long begin = System.nanoTime();
            try (Neighbour neighbour = new Neighbour(doors)) {
                told.putAll(told(doors));
                neighbours = neighbour.leave();
            }
            reporter.publishEntry("all attacks, seconds", String.valueOf((System.nanoTime() - begin) / 1_000_000_000));
            Map<String, String> rows = AttackTable.rows();
            told.forEach((name, got) -> tests.add(
                    DynamicTest.dynamicTest(name, () -> got.expect(rows.getOrDefault(name, "(not in the table)")))));
            tests.add(DynamicTest.dynamicTest("a neighbour is answered all the while", () -> {
                reporter.publishEntry("answers to the neighbour, milliseconds", neighbours.toString());
                assertThat(neighbours).hasSizeGreaterThan(AT_A_TIME);
                assertThat(neighbours.get(neighbours.size() * (100 - SLOW_OF_HUNDRED) / 100))
                        .isLessThan(NEIGHBOUR_MILLIS_MAX);
            }));
            emptied(doors);
            Optional<AssertionError> left = left(server, before);
            tests.add(DynamicTest.dynamicTest("nothing is left on the host", () -> {
                if (left.isPresent()) {
                    throw left.get();
                }
            }));
            fill(doors, pools);
        }
        return tests;
    }

    private static Map<String, Got> told(Doors doors) throws InterruptedException {
        List<Attack> attacks = AttackTable.attacks();
        Map<String, String> rows = AttackTable.rows();
        Map<String, Got> told = new LinkedHashMap<>();
        try (var some = Executors.newFixedThreadPool(AT_A_TIME)) {
            List<Callable<Got>> attempts = attacks.stream()
                    .map(attack -> (Callable<Got>) () -> Got.of(attack, doors))
                    .toList();
            List<Future<Got>> all = some.invokeAll(attempts);
            for (int i = 0; i < all.size(); i++) {
                told.put(attacks.get(i).name(), all.get(i).resultNow());
            }
        }
        for (Attack attack : attacks) {
            String wanted = rows.getOrDefault(attack.name(), "(not in the table)");
            for (int i = 0; i < AGAIN && told.get(attack.name()).wasStarved(wanted); i++) {
                told.put(attack.name(), Got.of(attack, doors));
            }
        }
        return told;
    }

    /** What a client got, or why there is nothing to say. */
    private record Got(String words, Optional<Throwable> failure) {
        static Got of(Attack attack, Doors doors) {
            try {
                return new Got(attack.attempt().told(doors), Optional.empty());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return new Got("interrupted", Optional.of(e));
            } catch (Exception | AssertionError e) {
                return new Got(String.valueOf(e.getMessage()), Optional.of(e));
            }
        }

        /**
         * On a machine that others keep busy any program may reach the end of its time before it comes to its attack,
         * and silent sockets are closed before too many are open: it gets another chance, with nothing beside it.
         */
        boolean wasStarved(String wanted) {
            return !isAs(wanted)
                    && OUT_OF_TIME.stream().anyMatch(word -> words.contains(word) && !wanted.contains(word));
        }

        private boolean isAs(String wanted) {
            return failure.isEmpty()
                    && AttackTable.pattern(wanted).matcher(words).matches();
        }

        void expect(String wanted) {
            failure.ifPresent(e -> {
                throw new AssertionError(words, e);
            });
            assertThat(words).matches(AttackTable.pattern(wanted));
        }
    }

    /** Their names with floor and cap, as they are set; there are none afterwards. */
    private static List<String> emptied(Doors doors) {
        JsonNode pools = Doors.json(doors.send(doors.http(POOLS), "GET", new byte[0]));
        List<String> names = pools.valueStream()
                .map(pool -> pool.get("pool").stringValue() + "=" + pool.get("floor") + ".." + pool.get("cap"))
                .toList();
        fill(doors, List.of());
        return names;
    }

    private static void fill(Doors doors, List<String> pools) {
        var body = Doors.JSON.createObjectNode();
        pools.forEach(body.putArray("pools")::add);
        Doors.json(doors.send(doors.http(POOLS), "PUT", Doors.JSON.writeValueAsBytes(body)));
    }

    /** What is there without sandboxes. */
    private static Set<String> awaitStill(ShippedServer server) {
        Deadline.await("pools to be empty", GONE, () -> Leftovers.ofSandboxes(server.data())
                .isEmpty());
        return Leftovers.files(server.data());
    }

    private static Optional<AssertionError> left(ShippedServer server, Set<String> before) {
        Set<String> fresh = new TreeSet<>();
        try {
            Deadline.await(() -> "nothing new to be on the host; there is " + fresh, GONE, () -> {
                fresh.clear();
                fresh.addAll(Leftovers.files(server.data()));
                fresh.removeAll(before);
                fresh.addAll(Leftovers.ofSandboxes(server.data()));
                return fresh.isEmpty();
            });
            return Optional.empty();
        } catch (AssertionError e) {
            return Optional.of(e);
        }
    }
}

package dev.skerry.bench.chaos;

import dev.skerry.bench.chaos.Population.Inhabitant;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Finds the facts once the faults are over: in the database, through the API, inside sandboxes and on the host. */
final class Inspection {
    /** What a reconciler or a deadline has to put right must be right by then. */
    private static final Duration REST = Duration.ofMinutes(2);

    private static final Duration CALL = Duration.ofSeconds(30);
    private static final Set<String> AT_REST = Set.of("RUNNING", "PAUSED", "STOPPED");
    private static final int CONNECT_SECONDS = 3600;

    private final ServerPair pair;
    private final HostView host;

    Inspection(ServerPair pair, HostView host) {
        this.pair = pair;
        this.host = host;
    }

    /** A row of the table of sandboxes. */
    private record Stored(
            String id, long generation, boolean live, String state, String pause, String reason, long endsAt) {
        String life() {
            return id + "." + generation;
        }

        Set<String> expected() {
            if (!live) {
                return Set.of();
            }
            return state.equals("PAUSED") && pause.equals("DISK")
                    ? HostView.expectedAsleep(life())
                    : HostView.expected(life());
        }
    }

    Facts run(Population population) throws IOException, InterruptedException, SQLException {
        ServeProcess holder = pair.holding(REST);
        rest();
        // Whoever was killed while it was frozen dies when it is looked into, so that comes before all else.
        Map<String, String> probes = probes(holder, population);
        rest();
        Set<String> listed = new HashSet<>(pair.client().list(holder.origin(), CALL));
        List<Stored> rows = rows();
        List<Facts.End> ends = ends();
        Set<String> missing = lacking();
        Set<String> left = surplus();
        pair.endAllSandboxes();
        atRest(() -> surplus().isEmpty());
        Set<String> leftAtTheEnd = surplus();
        Map<String, Facts.Row> facts = rows.stream()
                .collect(Collectors.toMap(
                        Stored::id, row -> new Facts.Row(row.live(), row.state(), row.reason(), row.endsAt() / 1000)));
        return new Facts(facts, ends, listed, probes, missing, left, leftAtTheEnd);
    }

    private void rest() throws InterruptedException {
        atRest(() -> rows().stream().allMatch(row -> AT_REST.contains(row.state())));
        atRest(() -> surplus().isEmpty() && lacking().isEmpty());
    }

    private Map<String, String> probes(ServeProcess holder, Population population)
            throws SQLException, InterruptedException {
        Map<String, Stored> live =
                rows().stream().filter(Stored::live).collect(Collectors.toMap(Stored::id, row -> row));
        Map<String, String> probes = new HashMap<>();
        for (Inhabitant inhabitant : population.all()) {
            Stored row = live.get(inhabitant.box().id());
            if (row != null) {
                probes.put(row.id(), probe(holder, inhabitant, row));
            }
        }
        return probes;
    }

    /** What is asked of the database again and again. */
    @FunctionalInterface
    private interface Look {
        boolean isWell() throws SQLException, InterruptedException;
    }

    private static void atRest(Look look) throws InterruptedException {
        try {
            Waiting.until("everything to come to rest", REST, () -> {
                try {
                    return look.isWell();
                } catch (SQLException e) {
                    return false;
                }
            });
        } catch (IllegalStateException e) {
            // Whatever is not well then is what the checker is for.
        }
    }

    private Set<String> surplus() throws SQLException {
        Set<String> things = new TreeSet<>(host.things(pair.pids()));
        rows().forEach(row -> things.removeAll(row.expected()));
        return things;
    }

    private Set<String> lacking() throws SQLException {
        Set<String> lacking = new TreeSet<>();
        rows().forEach(row -> lacking.addAll(row.expected()));
        lacking.removeAll(host.things(Set.of()));
        return lacking;
    }

    /** Empty when all that was put into it is there. */
    private String probe(ServeProcess server, Inhabitant inhabitant, Stored row) throws InterruptedException {
        Box box = inhabitant.box();
        try {
            if (row.state().equals("PAUSED")) {
                pair.client()
                        .call(
                                server.origin(),
                                "POST",
                                "/sandboxes/" + box.id() + "/connect",
                                "{\"timeout\":" + CONNECT_SECONDS + "}",
                                CALL);
            }
            String alive = inhabitant.process() == 0 ? "true" : "kill -0 " + inhabitant.process();
            String word = inhabitant.word().isEmpty() ? "true" : "cat /dev/shm/word";
            Client.Executed found =
                    pair.client().exec(server.origin(), box, word + " && " + alive + " && echo well", CALL);
            String wanted = inhabitant.word().isEmpty() ? "well" : inhabitant.word() + "\nwell";
            return found.output().strip().equals(wanted)
                    ? ""
                    : "it should have said '" + wanted + "', and said " + found;
        } catch (IOException e) {
            return "it does not answer: " + e.getMessage();
        }
    }

    private List<Stored> rows() throws SQLException {
        try (Connection connection = pair.database();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "SELECT id, generation, live, state, pause_kind, reason, ends_at FROM sandboxes")) {
            List<Stored> found = new ArrayList<>();
            while (rows.next()) {
                found.add(new Stored(
                        rows.getString(1),
                        rows.getLong(2),
                        rows.getInt(3) == 1,
                        rows.getString(4),
                        rows.getString(5),
                        rows.getString(6),
                        rows.getLong(7)));
            }
            return found;
        }
    }

    private List<Facts.End> ends() throws SQLException {
        try (Connection connection = pair.database();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "SELECT sandbox, at, detail FROM sandbox_events WHERE kind = 'ENDED' ORDER BY sequence")) {
            List<Facts.End> found = new ArrayList<>();
            while (rows.next()) {
                found.add(new Facts.End(rows.getString(1), rows.getLong(2) / 1000, rows.getString(3)));
            }
            return found;
        }
    }
}

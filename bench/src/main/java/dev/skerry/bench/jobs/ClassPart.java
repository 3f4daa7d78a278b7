package dev.skerry.bench.jobs;

import dev.skerry.bench.Contest;
import dev.skerry.bench.Distribution;
import dev.skerry.bench.Promise;
import dev.skerry.bench.serving.Callers;
import dev.skerry.bench.serving.Connection;
import dev.skerry.bench.serving.PoolsKept;
import dev.skerry.bench.serving.ServerUnderTest;
import dev.skerry.bench.serving.ServerVariant;
import dev.skerry.server.settings.JobSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A class that hands in at the same moment, through the API, to a server with real sandboxes: one of its users many
 * programs first, then all others a few each. How evenly they are served. So that all is there before anybody's turn
 * comes, other programs keep the server busy until then.
 */
final class ClassPart {
    /** Programs of each user but the first. */
    private static final int EACH = 4;

    /** The first hands in so many times as many, before all others. */
    private static final int FIRST_TIMES = 50;

    private static final int CONNECTIONS = 32;
    private static final double PROMISED = 0.95;
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String JOBS = "/skerry/v1/jobs";

    private final Path folder;
    private final int users;
    private final Consumer<String> progress;
    private Duration handedIn = Duration.ZERO;

    /** @param folder for the data of a server */
    ClassPart(Path folder, int users, Consumer<String> progress) {
        this.folder = folder;
        this.users = users;
        this.progress = progress;
    }

    /** What came of it. */
    Fairness measure() throws Exception {
        progress.accept("a class of " + users);
        Map<String, String> whose = new ConcurrentHashMap<>();
        List<Connection> connections = new ArrayList<>();
        try (ServerUnderTest server = ServerUnderTest.start(folder, ServerVariant.REAL.with(PoolsKept.AS_ASKED))) {
            for (int i = 0; i < CONNECTIONS; i++) {
                connections.add(new Connection(server.origin()));
            }
            List<String> busy = keepBusy(server, connections.getFirst());
            long start = System.nanoTime();
            handIn(server, connections, Collections.nCopies(FIRST_TIMES * EACH, "user-0"), whose);
            List<String> others = new ArrayList<>();
            for (int i = 0; i < EACH; i++) {
                for (int user = 1; user < users; user++) {
                    others.add("user-" + user);
                }
            }
            handIn(server, connections, others, whose);
            handedIn = Duration.ofNanos(System.nanoTime() - start);
            for (String token : busy) {
                connections
                        .getFirst()
                        .send("DELETE", JOBS + "/" + token, headers(server), new byte[0])
                        .content(204);
            }
            List<Fairness.Job> jobs = new ArrayList<>();
            for (Map.Entry<String, String> one : whose.entrySet()) {
                jobs.add(ended(server, connections.getFirst(), one.getKey(), one.getValue()));
            }
            return new Fairness(jobs);
        } finally {
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }

    Contest.Result waits(Fairness fairness) {
        Map<String, Distribution> sides = new LinkedHashMap<>();
        sides.put("until the first program of a user had its turn", new Distribution("ms", fairness.firstTurns()));
        sides.put("until all programs of a user had ended", new Distribution("ms", fairness.allEnded()));
        sides.put("all were handed in within", new Distribution("ms", List.of(handedIn.toNanos() / 1e6)));
        return new Contest.Result(
                String.format(
                        "%d users, %d programs, through the API",
                        users, fairness.jobs().size()),
                sides);
    }

    Contest.Result indexes(Fairness fairness) {
        Map<String, Distribution> sides = new LinkedHashMap<>();
        sides.put(
                "Jain's index when half of what each handed in at least had begun",
                new Distribution("of 1", List.of(fairness.index())));
        sides.put(
                "the same, of the time for which they had run",
                new Distribution("of 1", List.of(fairness.indexOfTime())));
        sides.put(
                "the same jobs in the order of their arrival",
                new Distribution("of 1", List.of(fairness.inOrderOfArrival())));
        return new Contest.Result("fairness between " + users + " users, through the API", sides);
    }

    Promise promise(Fairness fairness) {
        return Promise.atLeast(
                users + " users hand in at once through the API, Jain's index",
                "≥ 0.95, nobody starves",
                PROMISED,
                fairness.index(),
                "");
    }

    private static void handIn(
            ServerUnderTest server, List<Connection> connections, List<String> all, Map<String, String> whose)
            throws Exception {
        Queue<String> left = new ConcurrentLinkedQueue<>(all);
        List<Callers.Action> actions = new ArrayList<>();
        for (Connection connection : connections) {
            actions.add(() -> {
                for (String user = left.poll(); user != null; user = left.poll()) {
                    whose.put(handIn(server, connection, user), user);
                }
            });
        }
        new Callers().round(actions, 1);
    }

    /** As many that sleep as run at a time, and do; their tokens. */
    private static List<String> keepBusy(ServerUnderTest server, Connection connection)
            throws IOException, InterruptedException {
        List<String> tokens = new ArrayList<>();
        for (int i = 0; i < JobSettings.DEFAULT.slots(); i++) {
            tokens.add(handIn(
                    server,
                    connection,
                    Map.of(
                            "async",
                            true,
                            "user",
                            "sleeper",
                            "language",
                            "python",
                            "files",
                            List.of(Map.of("name", "main.py", "content", "import time\ntime.sleep(300)\n")),
                            "run",
                            Map.of("wallMillis", 300_000))));
        }
        for (String token : tokens) {
            while (!job(server, connection, token, "")
                    .path("state")
                    .asString("")
                    .equals("running")) {
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
        return tokens;
    }

    /** The token of the job. */
    private static String handIn(ServerUnderTest server, Connection connection, String user) throws IOException {
        SmallProgram program = SmallProgram.PYTHON;
        return handIn(
                server,
                connection,
                Map.of(
                        "async",
                        true,
                        "user",
                        user,
                        "language",
                        program.language(),
                        "files",
                        List.of(Map.of("name", program.file(), "content", program.code())),
                        "expected",
                        program.prints()));
    }

    private static String handIn(ServerUnderTest server, Connection connection, Map<String, Object> job)
            throws IOException {
        byte[] taken = connection
                .send("POST", JOBS, headers(server), JSON.writeValueAsBytes(job))
                .content(202);
        return JSON.readTree(taken).path("token").asString();
    }

    private static Map<String, String> headers(ServerUnderTest server) {
        return Map.of("X-API-Key", server.key(), "Content-Type", "application/json");
    }

    /** Waits for its end and checks what came of it. */
    private static Fairness.Job ended(ServerUnderTest server, Connection connection, String token, String user)
            throws IOException {
        while (true) {
            JsonNode job = job(server, connection, token, "?wait=30s");
            if (job.path("state").asString("").equals("ended")) {
                if (!job.path("verdict").asString("").equals("accepted")) {
                    throw new IllegalStateException("a job ended with " + job);
                }
                return new Fairness.Job(user, time(job, "createdAt"), time(job, "beganAt"), time(job, "endedAt"));
            }
        }
    }

    private static JsonNode job(ServerUnderTest server, Connection connection, String token, String query)
            throws IOException {
        return JSON.readTree(connection
                .send("GET", JOBS + "/" + token + query, headers(server), new byte[0])
                .content(200));
    }

    private static Instant time(JsonNode job, String name) {
        return Instant.parse(job.path(name).asString());
    }
}

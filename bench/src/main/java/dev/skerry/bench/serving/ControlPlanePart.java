package dev.skerry.bench.serving;

import dev.skerry.bench.Contest;
import dev.skerry.bench.Side;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** The API, the lifecycle and the store, with sandboxes that do not exist. */
final class ControlPlanePart {
    private static final int PAGE = 100;

    /** Every so many sandboxes have one owner. */
    static final int OWNERS = 1000;

    private static final int CREATES_PER_ROUND = 256;

    private final ServerUnderTest server;
    private final ServerBenchSettings settings;
    private final Consumer<String> progress;
    private final AtomicInteger created = new AtomicInteger();

    ControlPlanePart(ServerUnderTest server, ServerBenchSettings settings, Consumer<String> progress) {
        this.server = server;
        this.settings = settings;
        this.progress = progress;
    }

    /** Sides by the name of the database, in whose order they take turns. */
    static List<Contest.Result> creates(
            Map<String, ServerUnderTest> servers, ServerBenchSettings settings, Consumer<String> progress)
            throws Exception {
        progress.accept("creates on a simulated host");
        Map<String, ControlPlanePart> parts = new LinkedHashMap<>();
        Map<String, Callers> sides = new LinkedHashMap<>();
        servers.forEach((name, server) -> parts.put(name, new ControlPlanePart(server, settings, progress)));
        for (int callers : settings.callers()) {
            parts.keySet().forEach(name -> sides.put(side(name, callers), new Callers()));
        }
        int rounds = Math.max(3, settings.rounds() / 10);
        for (int round = -3; round < rounds; round++) {
            if (round == 0) {
                sides.values().forEach(Callers::forget);
            }
            for (int callers : settings.callers()) {
                for (Map.Entry<String, ControlPlanePart> part : parts.entrySet()) {
                    part.getValue()
                            .round(callers, CREATES_PER_ROUND / callers, sides.get(side(part.getKey(), callers)));
                }
            }
        }
        return SandboxPart.both("create on a simulated host", sides);
    }

    private static String side(String database, int callers) {
        return database + ", " + SandboxPart.name(callers);
    }

    private void create(Api api) throws IOException {
        api.create(Map.of("owner", "owner-" + created.getAndIncrement() % OWNERS));
    }

    private void round(int callers, int each, Callers side) throws Exception {
        List<Api> connections = new ArrayList<>();
        try (Api first = server.client()) {
            for (int i = 0; i < callers; i++) {
                connections.add(first.another());
            }
            List<Callers.Action> actions = new ArrayList<>();
            connections.forEach(api -> actions.add(() -> create(api)));
            side.round(actions, each);
        } finally {
            for (Api connection : connections) {
                connection.close();
            }
        }
    }

    Contest.Result lists() throws Exception {
        progress.accept("list of " + settings.listed() + " sandboxes");
        try (Api api = server.client()) {
            String last = lastPage(api);
            String owned = "?metadata=owner%3Downer-7";
            int most = (settings.listed() + OWNERS - 1) / OWNERS;
            List<Side> sides = List.of(
                    Side.timed("first page of 100", () -> expect(api.list("?limit=" + PAGE), 1, PAGE)),
                    Side.timed("last page", () -> expect(api.list(last), 1, PAGE)),
                    Side.timed(
                            "those of one owner, of a thousand",
                            () -> expect(api.list(owned), 1, Math.min(PAGE, most))),
                    Side.timed("paused ones, none", () -> expect(api.list("?state=paused"), 0, 0)));
            return new Contest(
                            "list of " + settings.listed() + " sandboxes, SQLite",
                            "ms",
                            settings.warmups(),
                            settings.rounds(),
                            sides)
                    .run(progress);
        }
    }

    private static void expect(Api.Page page, int atLeast, int atMost) {
        if (page.sandboxes() < atLeast || page.sandboxes() > atMost) {
            throw new IllegalStateException("a page of " + page.sandboxes());
        }
    }

    private static String lastPage(Api api) throws IOException {
        String query = "?limit=" + PAGE;
        Optional<String> next = api.list(query).next();
        String last = query;
        while (next.isPresent()) {
            last = query + "&nextToken=" + next.get();
            next = api.list(last).next();
        }
        return last;
    }
}

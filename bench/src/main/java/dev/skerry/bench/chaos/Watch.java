package dev.skerry.bench.chaos;

import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Looks on: starts servers that have ended, as a service manager does, and notes leases and when nobody answered. */
final class Watch implements AutoCloseable {
    private static final long ROUND_MILLIS = 100;
    private static final Duration ANSWER = Duration.ofSeconds(1);

    /** As {@code RestartSec} of the unit that {@code skerry service install} writes. */
    private static final long RESTART_MILLIS = 1_000;

    private final ServerPair pair;
    private final Journal journal;
    private final InstantSource clock;
    private final List<Outage> outages = new ArrayList<>();
    private final List<Thread> threads;

    Watch(ServerPair pair, Journal journal, InstantSource clock) {
        this.pair = pair;
        this.journal = journal;
        this.clock = clock;
        this.threads = List.of(
                Thread.ofVirtual().unstarted(() -> always(this::revive)),
                Thread.ofVirtual().unstarted(() -> always(this::leases)),
                Thread.ofVirtual().unstarted(this::availability));
    }

    /** A time in which no server answered a question about sandboxes; milliseconds since 1970. */
    record Outage(long began, long ended) {}

    Watch start() {
        threads.forEach(Thread::start);
        return this;
    }

    synchronized List<Outage> outages() {
        return List.copyOf(outages);
    }

    private synchronized void add(Outage outage) {
        outages.add(outage);
    }

    /** What is done again and again. */
    @FunctionalInterface
    private interface Round {
        void run() throws IOException, InterruptedException;
    }

    private static void always(Round round) {
        try {
            while (true) {
                try {
                    round.run();
                } catch (IOException e) {
                    System.err.println("the watch: " + e.getMessage());
                }
                TimeUnit.MILLISECONDS.sleep(ROUND_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void revive() throws IOException, InterruptedException {
        for (ServeProcess server : pair.servers()) {
            if (!server.alive()) {
                TimeUnit.MILLISECONDS.sleep(RESTART_MILLIS);
                server.start();
            }
        }
    }

    private void leases() throws InterruptedException {
        try (Connection connection = pair.database();
                Statement statement = connection.createStatement()) {
            while (true) {
                try (ResultSet rows = statement.executeQuery("SELECT id, owner, fence FROM leases")) {
                    while (rows.next()) {
                        journal.add(new Journal.Grant(
                                clock.millis(), rows.getString(1), rows.getString(2), rows.getLong(3)));
                    }
                }
                TimeUnit.MILLISECONDS.sleep(ROUND_MILLIS);
            }
        } catch (SQLException e) {
            // It is being stopped; the next round connects anew.
        }
    }

    private void availability() {
        Optional<Long> since = Optional.empty();
        try {
            while (true) {
                long began = clock.millis();
                boolean answered = answers();
                if (answered && since.isPresent()) {
                    add(new Outage(since.get(), clock.millis()));
                    since = Optional.empty();
                } else if (!answered && since.isEmpty()) {
                    since = Optional.of(began);
                }
                TimeUnit.MILLISECONDS.sleep(ROUND_MILLIS);
            }
        } catch (InterruptedException e) {
            since.ifPresent(began -> add(new Outage(began, clock.millis())));
            Thread.currentThread().interrupt();
        }
    }

    private boolean answers() throws InterruptedException {
        for (ServeProcess server : pair.servers()) {
            try {
                if (pair.client()
                                .call(server.origin(), "GET", "/v2/sandboxes?limit=1", "", ANSWER)
                                .status()
                        == 200) {
                    return true;
                }
            } catch (IOException e) {
                // The other one, then.
            }
        }
        return false;
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package dev.skerry.server.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.database.Database;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many histories at a time: they mostly wait. */
@Timeout(150)
class JobHistoriesTest {
    private static final Logger LOG = Logger.getLogger(JobRuns.class.getPackageName());
    /** More of them: -Dskerry.job-histories=N. */
    private static final int HISTORIES = Integer.getInteger("skerry.job-histories", 300);

    private static final int FLAWED = 20;
    private static final int ON_SQLITE = Integer.getInteger("skerry.job-histories.sqlite", 12);
    private static final Duration OFTEN = Duration.ofMillis(500);

    @BeforeAll
    static void quietly() {
        LOG.setLevel(Level.OFF);
    }

    @AfterAll
    static void loudly() {
        LOG.setLevel(null);
    }

    private final AtomicInteger kills = new AtomicInteger();

    /** Of each history what was wrong with it. */
    private List<Future<List<String>>> begin(ExecutorService threads, int histories, UnaryOperator<JobStore> flaw) {
        return begin(threads, histories, _ -> HistoryDisk.inMemory(), flaw);
    }

    private List<Future<List<String>>> begin(
            ExecutorService threads, int histories, IntFunction<HistoryDisk> disks, UnaryOperator<JobStore> flaw) {
        List<Future<List<String>>> all = new ArrayList<>();
        for (int seed = 0; seed < histories; seed++) {
            JobHistory history = new JobHistory(seed, disks.apply(seed), flaw, OFTEN);
            all.add(threads.submit(() -> {
                List<String> wrong = history.run();
                kills.addAndGet(history.kills());
                return wrong;
            }));
        }
        return all;
    }

    private static Map<Integer, List<String>> found(List<Future<List<String>>> all) throws Exception {
        Map<Integer, List<String>> found = new TreeMap<>();
        for (int seed = 0; seed < all.size(); seed++) {
            List<String> wrong = all.get(seed).get();
            if (!wrong.isEmpty()) {
                found.put(seed, wrong);
            }
        }
        return found;
    }

    /** A database may be away for hours. */
    @Test
    void pausesBetweenLooksAtWhatCannotBeStoredStayBounded() {
        Duration pause = Duration.ofMillis(250);
        for (int i = 0; i < 100; i++) {
            pause = JobRuns.longer(pause);
        }
        assertThat(pause).isEqualTo(Duration.ofSeconds(30));
    }

    /** And where a store forgets keys, or takes for told what has only ended, that is found. */
    @Test
    void whateverFailsNothingIsLostOrStuckOrEndsTwice() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<String>>> good = begin(threads, HISTORIES, UnaryOperator.identity());
            List<Future<List<String>>> keyless = begin(threads, FLAWED, JobHistoriesTest::withoutKeys);
            List<Future<List<String>>> silent = begin(threads, FLAWED, JobHistoriesTest::toldAtOnce);
            assertThat(found(good)).isEmpty();
            assertThat(kills.get()).isGreaterThan(HISTORIES / 4);
            assertThat(found(keyless)).isNotEmpty();
            assertThat(found(silent)).isNotEmpty();
        }
    }

    /** Each on a file of its own, a copy of one that is fresh. */
    @Test
    void theSameHoldsForWhatIsReallyStored(@TempDir Path folder) throws Exception {
        Path fresh = folder.resolve("fresh.db");
        Database.open(fresh).close();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<String>>> all =
                    begin(threads, ON_SQLITE, seed -> copied(fresh, seed), UnaryOperator.identity());
            assertThat(found(all)).isEmpty();
            assertThat(kills.get()).isGreaterThan(ON_SQLITE / 4);
        }
    }

    private static HistoryDisk copied(Path fresh, int seed) {
        try {
            return HistoryDisk.sqlite(Files.copy(fresh, fresh.resolveSibling("history" + seed + ".db")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JobStore withoutKeys(JobStore inner) {
        return WatchedJobStore.of((method, arguments) -> {
            if (method.getName().equals("insert") && arguments[0] instanceof JobStore.Fresh fresh) {
                return inner.insert(new JobStore.Fresh(
                        fresh.token(),
                        fresh.tenant(),
                        Optional.empty(),
                        fresh.digest(),
                        fresh.request(),
                        fresh.at(),
                        fresh.callback()));
            }
            return WatchedJobStore.pass(inner, method, arguments);
        });
    }

    private static JobStore toldAtOnce(JobStore inner) {
        return WatchedJobStore.of((method, arguments) -> {
            Object result = WatchedJobStore.pass(inner, method, arguments);
            if (method.getName().equals("end")) {
                inner.told(String.valueOf(arguments[0]), Optional.empty(), "");
            }
            return result;
        });
    }
}

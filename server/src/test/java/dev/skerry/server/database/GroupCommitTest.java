package dev.skerry.server.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.jdbi.v3.core.transaction.TransactionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class GroupCommitTest {
    @TempDir
    private Path folder;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Set<Handle> transactions =
            Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private Database database;
    private GroupCommit commits;

    @BeforeEach
    void open() {
        database = Database.open(folder.resolve("skerry.db"));
        commits = new GroupCommit(database.writer(), GroupCommit.Lone.BY_ITSELF, Duration.ofSeconds(30)).start();
    }

    @AfterEach
    void close() {
        goOn.countDown();
        commits.close();
        threads.shutdown();
        database.close();
    }

    private int store(String host) {
        return commits.write(Guard.NONE, (handle, _) -> insert(handle, host));
    }

    private int insert(Handle handle, String host) {
        transactions.add(handle);
        return handle.execute("INSERT INTO host_boots VALUES (?, 'boot')", host);
    }

    private List<String> stored() {
        return database.reader().withHandle(handle -> handle.createQuery("SELECT host FROM host_boots ORDER BY host")
                .mapTo(String.class)
                .list());
    }

    /** Holds whoever commits up, so that what comes now is one group. */
    private Future<Boolean> holdUp() throws InterruptedException {
        Future<Boolean> first = threads.submit(() -> commits.write(Guard.NONE, (_, _) -> {
            begun.countDown();
            return awaited(goOn);
        }));
        begun.await();
        return first;
    }

    private static boolean awaited(CountDownLatch latch) {
        try {
            return latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void awaitWaiting(int writes) {
        await(() -> commits.waiting() >= writes);
        assertThat(commits.waiting()).isEqualTo(writes);
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean() && System.nanoTime() < end) {
            LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    private static void assertFails(Future<?> write, Class<? extends Throwable> how) {
        assertThatThrownBy(write::get).isInstanceOf(ExecutionException.class).hasCauseInstanceOf(how);
    }

    @Test
    void writesThatWaitAtTheSameTimeShareACommit() throws Exception {
        Future<Boolean> first = holdUp();
        List<Future<Integer>> writes = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            String host = "host-" + i;
            writes.add(threads.submit(() -> store(host)));
        }
        awaitWaiting(20);
        goOn.countDown();

        assertThat(first.get()).isTrue();
        for (Future<Integer> write : writes) {
            assertThat(write.get()).isEqualTo(1);
        }
        assertThat(transactions).hasSize(1);
        assertThat(stored()).hasSize(20);
    }

    @Test
    void aWriteThatFailsTakesNoOtherWithIt() throws Exception {
        store("taken");
        var _ = holdUp();
        Future<Integer> before = threads.submit(() -> store("before"));
        awaitWaiting(1);
        Future<Integer> half = threads.submit(() -> commits.write(Guard.NONE, (handle, _) -> {
            insert(handle, "undone");
            return insert(handle, "taken");
        }));
        awaitWaiting(2);
        Future<Integer> behind = threads.submit(() -> store("behind"));
        awaitWaiting(3);
        goOn.countDown();

        assertThat(before.get()).isEqualTo(1);
        assertThat(behind.get()).isEqualTo(1);
        assertFails(half, UnableToExecuteStatementException.class);
        assertThat(stored()).containsExactly("before", "behind", "taken");
    }

    @Test
    void whoeverSharesACommitSharesItsGuard() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        Guard guard = _ -> asked.incrementAndGet();
        var _ = holdUp();
        List<Future<Integer>> writes = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            String host = "host-" + i;
            writes.add(threads.submit(() -> commits.write(guard, (handle, _) -> insert(handle, host))));
        }
        awaitWaiting(20);
        goOn.countDown();

        for (Future<Integer> write : writes) {
            assertThat(write.get()).isEqualTo(1);
        }
        assertThat(asked).hasValue(1);
    }

    @Test
    void whatItsGuardRefusesIsNotWrittenAndTakesNoOtherWithIt() throws Exception {
        Guard refuses = _ -> {
            throw new Failure(ErrorCode.NO_CAPACITY, "the lease is another's", "try again");
        };
        var _ = holdUp();
        Future<Integer> before = threads.submit(() -> store("before"));
        awaitWaiting(1);
        List<Future<Integer>> stale = new ArrayList<>();
        for (String host : List.of("stale", "staler")) {
            stale.add(threads.submit(() -> commits.write(refuses, (handle, _) -> insert(handle, host))));
        }
        awaitWaiting(3);
        goOn.countDown();

        assertThat(before.get()).isEqualTo(1);
        for (Future<Integer> write : stale) {
            assertFails(write, Failure.class);
        }
        assertThat(stored()).containsExactly("before");
    }

    @Test
    void whatTheWritesOfAGroupLeaveIsStoredTogetherAtItsEnd() throws Exception {
        List<List<String>> stored = Collections.synchronizedList(new ArrayList<>());
        Leftovers.Sink<String> sink = (handle, hosts) -> {
            stored.add(List.copyOf(hosts));
            hosts.forEach(host -> insert(handle, host));
        };
        var _ = holdUp();
        List<Future<Boolean>> writes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            String host = "host-" + i;
            writes.add(threads.submit(() -> commits.write(Guard.NONE, (_, leftovers) -> {
                leftovers.leave(sink, host);
                return true;
            })));
            awaitWaiting(i + 1);
        }
        goOn.countDown();

        for (Future<Boolean> write : writes) {
            assertThat(write.get()).isTrue();
        }
        assertThat(stored).containsExactly(List.of("host-0", "host-1", "host-2"));
        assertThat(stored()).hasSize(3);
    }

    @Test
    void whatCannotBeStoredAtTheEndTakesOnlyItsOwnWriteWithIt() throws Exception {
        store("taken");
        Leftovers.Sink<String> sink = (handle, hosts) -> hosts.forEach(host -> insert(handle, host));
        var _ = holdUp();
        List<Future<Boolean>> writes = new ArrayList<>();
        for (String host : List.of("before", "taken", "behind")) {
            writes.add(threads.submit(() -> commits.write(Guard.NONE, (_, leftovers) -> {
                leftovers.leave(sink, host);
                return true;
            })));
            awaitWaiting(writes.size());
        }
        goOn.countDown();

        assertThat(writes.get(0).get()).isTrue();
        assertFails(writes.get(1), UnableToExecuteStatementException.class);
        assertThat(writes.get(2).get()).isTrue();
        assertThat(stored()).containsExactly("before", "behind", "taken");
    }

    @Test
    void aLoneWriteCanBeTheCommittersToo() throws Exception {
        commits.close();
        commits = new GroupCommit(database.writer(), GroupCommit.Lone.BY_COMMITTER, Duration.ofSeconds(30)).start();

        String carriedOutBy = commits.write(Guard.NONE, (handle, _) -> {
            insert(handle, "lone");
            return Thread.currentThread().getName();
        });

        assertThat(carriedOutBy).isEqualTo("database-writer");
        assertThat(stored()).containsExactly("lone");
    }

    @Test
    void whenTheDatabaseRollsBackByItselfAllOfTheGroupHearIt() throws Exception {
        var _ = holdUp();
        Future<Integer> before = threads.submit(() -> store("before"));
        awaitWaiting(1);
        Future<Integer> broken =
                threads.submit(() -> commits.write(Guard.NONE, (handle, _) -> handle.execute("ROLLBACK")));
        awaitWaiting(2);
        goOn.countDown();

        assertFails(before, TransactionException.class);
        assertFails(broken, TransactionException.class);
        assertThat(stored()).isEmpty();
        assertThat(store("later")).isEqualTo(1);
        assertThat(stored()).containsExactly("later");
    }

    @Test
    void whatDidNotGetItsTurnInTimeIsNeverCarriedOut() throws Exception {
        commits.close();
        commits = new GroupCommit(database.writer(), GroupCommit.Lone.BY_ITSELF, Duration.ofMillis(20)).start();
        Future<Boolean> first = holdUp();

        assertThatThrownBy(() -> store("late"))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.NO_CAPACITY));
        goOn.countDown();

        assertThat(first.get()).isTrue();
        store("next");
        assertThat(stored()).containsExactly("next");
    }

    @Test
    void anInterruptedThreadHearsWhatBecameOfItsWriteAndStaysInterrupted() throws Exception {
        Future<Boolean> still = threads.submit(() -> {
            Thread.currentThread().interrupt();
            store("mine");
            return Thread.currentThread().isInterrupted();
        });

        assertThat(still.get()).isTrue();
        assertThat(stored()).containsExactly("mine");
    }

    @Test
    void whatWaitsIsStoredBeforeItIsClosedAndWhatComesLaterIsRefused() throws Exception {
        var _ = holdUp();
        Future<Integer> waits = threads.submit(() -> store("waits"));
        awaitWaiting(1);
        Future<?> closing = threads.submit(commits::close);
        await(commits::closed);
        goOn.countDown();

        assertThat(waits.get()).isEqualTo(1);
        closing.get();
        assertThatThrownBy(() -> store("late")).isInstanceOf(Failure.class).hasMessageContaining("stopped");
        assertThat(stored()).containsExactly("waits");
    }
}

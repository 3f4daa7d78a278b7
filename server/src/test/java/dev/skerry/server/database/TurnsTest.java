package dev.skerry.server.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sqlite.SQLiteDataSource;

class TurnsTest {
    @TempDir
    private Path folder;

    private Turns turns(String file, Duration bound) {
        SQLiteDataSource source = new SQLiteDataSource();
        source.setUrl("jdbc:sqlite:" + folder.resolve(file));
        return new Turns(source, bound);
    }

    @Test
    void oneHasTheTurnAndTheNextGetsItWhenThatOneIsDone() throws SQLException {
        Turns turns = turns("db", Duration.ofMillis(10));
        Connection first = turns.openConnection();
        assertThatThrownBy(turns::openConnection)
                .isInstanceOf(SQLTransientConnectionException.class)
                .hasMessageContaining("no turn");
        turns.closeConnection(first);
        Connection second = turns.openConnection();
        turns.closeConnection(second);
    }

    @Test
    void aTurnThatCouldNotBeginIsNotLost() {
        Turns turns = turns("no/folder/db", Duration.ofMillis(10));
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(turns::openConnection)
                    .isInstanceOf(SQLException.class)
                    .isNotInstanceOf(SQLTransientConnectionException.class);
        }
    }

    @Test
    void whoIsInterruptedWhileWaitingHearsItAndTakesNoTurn() throws SQLException {
        Turns turns = turns("db", Duration.ofSeconds(30));
        Thread.currentThread().interrupt();
        assertThatThrownBy(turns::openConnection).hasMessageContaining("interrupted");
        assertThat(Thread.interrupted()).isTrue();
        turns.closeConnection(turns.openConnection());
    }

    @Test
    void manyWritersAllGetTheirTurns() throws Exception {
        try (Database database = Database.open(folder.resolve("skerry.db"));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> writers = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                writers.add(threads.submit(() -> {
                    for (int j = 0; j < 5; j++) {
                        database.writer()
                                .useTransaction(handle -> handle.execute("UPDATE counters SET value = value + 1"));
                    }
                }));
            }
            for (Future<?> writer : writers) {
                writer.get();
            }
            long value = database.reader().withHandle(handle -> handle.createQuery("SELECT value FROM counters")
                    .mapTo(Long.class)
                    .one());
            assertThat(value).isEqualTo(320);
        }
    }
}

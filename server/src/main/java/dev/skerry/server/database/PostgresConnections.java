package dev.skerry.server.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.postgresql.ds.PGSimpleDataSource;

/** Connections to PostgreSQL, each with bounds for whatever may hang. */
final class PostgresConnections {
    private static final int CONNECT_SECONDS = 5;

    /** Longer than any statement may take, so that only a server that is gone is given up. */
    private static final int SILENCE_SECONDS = 30;

    /** A migration may rewrite a table. */
    private static final int MIGRATION_SILENCE_SECONDS = 3600;

    /**
     * A process that was stopped within a transaction must not keep its locks from whoever takes over. What was
     * committed survives, whatever the database does for others.
     */
    private static final String BOUNDS = "-c idle_in_transaction_session_timeout=1500 -c statement_timeout=20000"
            + " -c lock_timeout=5000 -c synchronous_commit=on";

    private static final long POOL_WAIT_MILLIS = 5_000;

    private PostgresConnections() {}

    /** Without bounds for statements, for migrations. */
    static PGSimpleDataSource unbounded(PostgresAddress address, Optional<Password> password) {
        return source(address, password, MIGRATION_SILENCE_SECONDS);
    }

    private static PGSimpleDataSource source(PostgresAddress address, Optional<Password> password, int silenceSeconds) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setServerNames(new String[] {address.host()});
        source.setPortNumbers(new int[] {address.port()});
        source.setDatabaseName(address.name());
        source.setUser(address.user());
        password.ifPresent(secret -> source.setPassword(secret.text()));
        source.setSslMode(address.encryption());
        source.setApplicationName("skerry");
        source.setConnectTimeout(CONNECT_SECONDS);
        source.setLoginTimeout(CONNECT_SECONDS);
        source.setSocketTimeout(silenceSeconds);
        source.setTcpKeepAlive(true);
        return source;
    }

    /**
     * A pool that opens no connection before one is asked for, and that waits some seconds for one at most.
     *
     * @param reads its transactions see the database as it was at their beginning, and change nothing
     */
    static HikariDataSource pool(
            String name, int size, PostgresAddress address, Optional<Password> password, boolean reads) {
        PGSimpleDataSource source = source(address, password, SILENCE_SECONDS);
        source.setOptions(BOUNDS);
        HikariConfig config = new HikariConfig();
        config.setPoolName("database-" + name);
        config.setDataSource(source);
        config.setMaximumPoolSize(size);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(POOL_WAIT_MILLIS);
        config.setValidationTimeout(TimeUnit.SECONDS.toMillis(2));
        config.setKeepaliveTime(TimeUnit.MINUTES.toMillis(1));
        config.setMaxLifetime(TimeUnit.MINUTES.toMillis(30));
        config.setInitializationFailTimeout(-1);
        if (reads) {
            config.setReadOnly(true);
            config.setTransactionIsolation("TRANSACTION_REPEATABLE_READ");
        }
        return new HikariDataSource(config);
    }
}

package dev.skerry.server.sandboxes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.database.Database;
import dev.skerry.server.database.Window;
import dev.skerry.server.secrets.TestSecrets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the store in a database does, whichever database it is. */
abstract class SqlStoreContract extends SandboxStoreContract {
    private Database database;

    /** The same one, every time. */
    abstract Database openDatabase();

    @Override
    SandboxStore open() {
        database = openDatabase();
        return new SqlSandboxStore(database, TestSecrets.SEALING);
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void whatWasStoredIsThereWhenItIsOpenedAgain() {
        Sandbox sandbox = Samples.fresh(Samples.WAKES);
        assertThat(new SqlSandboxStore(database, TestSecrets.SEALING).insert(sandbox, Optional.of("key"), List.of()))
                .isEmpty();
        database.close();
        SandboxStore again = open();
        assertThat(again.live()).containsExactly(new SandboxStore.Live(sandbox, Optional.of("key")));
    }

    /** The text that today's version writes: a later one has to read it. */
    @Test
    void aConfigurationIsWrittenInAFormThatLasts() {
        Sandbox sandbox = Samples.fresh(Samples.WAKES);
        assertThat(new SqlSandboxStore(database, TestSecrets.SEALING).insert(sandbox, Optional.empty(), List.of()))
                .isEmpty();
        String text = database.reader().withHandle(handle -> handle.createQuery("SELECT config FROM sandboxes")
                .mapTo(String.class)
                .one());
        assertThat(text).isEqualTo("""
            {"template":"sha256:abc","alias":"base","floor":"CONTAINER",\
            "limits":{"memoryBytes":536870912,"cpuMillis":1000,"processes":256,"diskBytes":536870912,\
            "diskInodes":100000,"wallTime":null,"cpuTime":null},"privilege":"SUDO","metadata":{},\
            "environment":{},"secure":true,"publicTraffic":true,\
            "lifetime":{"pauses":true,"pauseKind":"MEMORY","wakesOnTraffic":true},"request":"{}"}\
            """);
    }

    @Test
    void whatWasAskedIsToldApartAlsoWhenItWasWritten() {
        SandboxStore store = new SqlSandboxStore(database, TestSecrets.SEALING);
        Sandbox minute = Samples.fresh(Samples.asking("{\"timeout\":60}"));
        Sandbox older = Samples.fresh(Samples.asking(SandboxConfig.NOTHING_ELSE));
        assertThat(store.insert(minute, Optional.of("key"), List.of())).isEmpty();
        assertThat(store.insert(older, Optional.of("other"), List.of())).isEmpty();
        SandboxConfig written = store.get(minute.id()).orElseThrow().config();
        assertThat(written.wasAskedBy(Samples.asking("{\"timeout\":60}"))).isTrue();
        assertThat(written.wasAskedBy(Samples.asking("{\"timeout\":61}"))).isFalse();
        assertThat(store.get(older.id()).orElseThrow().config().wasAskedBy(Samples.asking("{\"timeout\":61}")))
                .as("one of a version that did not write it")
                .isTrue();
    }

    /** Also where the numbers jump, as they do when a copy was restored. */
    @Test
    void aSearchLooksAtSoManyRowsAndSaysHowFar() {
        long jump = 1_700_000_000_000_000L;
        int rows = Window.ROWS + 1;
        database.writer().useTransaction(handle -> {
            handle.createUpdate("INSERT INTO sandbox_events (sequence, tenant, sandbox, at, kind, detail)"
                            + " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)"
                            + " SELECT CASE WHEN i < 10 THEN i ELSE i + :jump END, :tenant, :box, 0, 'STARTED',"
                            + " CASE WHEN i = :rows THEN 'needle' ELSE 'hay' END FROM n")
                    .bind("rows", rows)
                    .bind("jump", jump)
                    .bind("tenant", Samples.TENANT.text())
                    .bind("box", Samples.fresh(Lifetime.ENDS).id().text())
                    .execute();
            handle.createUpdate("UPDATE counters SET value = :last WHERE name = 'sandbox_events'")
                    .bind("last", jump + rows)
                    .execute();
        });
        SandboxStore store = new SqlSandboxStore(database, TestSecrets.SEALING);
        EventFilter needle = new EventFilter(
                Optional.empty(),
                Set.of(),
                Set.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of("needle"));
        EventPage first = store.find(Samples.TENANT, needle, 0, 100);
        assertThat(first).isEqualTo(new EventPage(List.of(), jump + Window.ROWS, jump + rows));
        EventPage second = store.find(Samples.TENANT, needle, first.seen(), 100);
        assertThat(second.events()).extracting(SandboxEvent::sequence).containsExactly(jump + rows);
        assertThat(second.seen()).isEqualTo(second.last());
    }

    @Test
    void aSecondEndCannotBeWritten() {
        Sandbox sandbox = Samples.fresh(Lifetime.ENDS);
        SandboxStore store = new SqlSandboxStore(database, TestSecrets.SEALING);
        Note end = new Note(SandboxEvent.Kind.ENDED, Samples.NOON, "", Why.UNKNOWN);
        assertThat(store.insert(sandbox, Optional.empty(), List.of(end))).isEmpty();
        assertThatThrownBy(() -> store.replace(next(sandbox, sandbox.state()), List.of(end)))
                .isInstanceOf(UnableToExecuteStatementException.class);
        assertThat(store.get(sandbox.id())).contains(sandbox);
    }

    private static Sandbox next(Sandbox sandbox, SandboxState state) {
        return new Sandbox(
                sandbox.id(),
                sandbox.tenant(),
                2,
                1,
                sandbox.config(),
                sandbox.createdAt(),
                sandbox.endsAt(),
                state,
                sandbox.why());
    }

    private static Why odd(String text) {
        return new Why(Cause.REQUESTED, new Origin("", "", text.substring(0, 6), text.substring(0, 6)));
    }

    /** What a database has no character for must not keep a sandbox from being stored. */
    @Test
    void anyTextCanBeStored() {
        String odd = "nul \0, half a pair \ud800, a pair 😀, a quote '";
        Sandbox base = Samples.fresh(Lifetime.ENDS);
        Sandbox sandbox = new Sandbox(
                base.id(),
                base.tenant(),
                1,
                1,
                Samples.config(Samples.PAUSES, Map.of("odd", odd)),
                base.createdAt(),
                base.endsAt(),
                base.state(),
                odd(odd));
        SandboxStore store = new SqlSandboxStore(database, TestSecrets.SEALING);
        assertThat(store.insert(sandbox, Optional.empty(), List.of())).isEmpty();
        SandboxState stopped = new SandboxState.Stopped(Cause.EXITED, odd, Samples.NOON);
        assertThat(store.replace(
                        next(sandbox, stopped),
                        List.of(new Note(SandboxEvent.Kind.ENDED, Samples.NOON, odd, odd(odd)))))
                .isTrue();
        assertThat(store.events(sandbox.tenant(), sandbox.id()).getFirst().detail())
                .contains("a pair 😀, a quote '");
    }
}

package dev.skerry.server.sandboxes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.database.Database;
import dev.skerry.server.secrets.TestSecrets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqlSandboxStoreTest extends SandboxStoreContract {
    @TempDir
    private Path folder;

    private Database database;

    @Override
    SandboxStore open() {
        database = Database.open(folder.resolve("skerry.db"));
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
                "lifetime":{"pauses":true,"pauseKind":"MEMORY","wakesOnTraffic":true},"request":"{}"}""");
    }

    @Test
    void aSecondEndCannotBeWritten() {
        Sandbox sandbox = Samples.fresh(Lifetime.ENDS);
        SandboxStore store = new SqlSandboxStore(database, TestSecrets.SEALING);
        Note end = new Note(SandboxEvent.Kind.ENDED, Samples.NOON, "");
        assertThat(store.insert(sandbox, Optional.empty(), List.of(end))).isEmpty();
        Sandbox next = new Sandbox(
                sandbox.id(),
                sandbox.tenant(),
                2,
                1,
                sandbox.config(),
                sandbox.createdAt(),
                sandbox.endsAt(),
                sandbox.state());
        assertThatThrownBy(() -> store.replace(next, List.of(end)))
                .isInstanceOf(UnableToExecuteStatementException.class);
        assertThat(store.get(sandbox.id())).contains(sandbox);
    }
}

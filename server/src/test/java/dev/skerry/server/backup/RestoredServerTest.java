package dev.skerry.server.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import dev.skerry.server.sandboxes.SimulatedHost;
import dev.skerry.server.secrets.SecretFile;
import dev.skerry.server.settings.DatabaseSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Backups of a server that runs, and what the server is that is restored from one. */
@Timeout(120)
class RestoredServerTest {
    @TempDir
    private Path folder;

    private final SimulatedHost host = new SimulatedHost();

    private Path data() {
        return folder.resolve("data");
    }

    private Path backup(String name) {
        Path file = folder.resolve(name);
        Backup.Order order = new Backup.Order(data(), Optional.empty(), Manifest.SQLITE, "test", file, false);
        assertThat(Backup.write(order, ServedFolder.CLOCK).bytes())
                .isEqualTo(file.toFile().length());
        return file;
    }

    private Path restore(Path backup, String name) {
        Path data = folder.resolve(name);
        Restore.run(new Restore.Order(backup, data, false, Optional.empty(), Optional.empty()), ServedFolder.CLOCK);
        return data;
    }

    private ServedFolder restored(Path data, String key) throws InterruptedException {
        return ServedFolder.open(data, host, DatabaseSettings.SQLITE, Optional.of(key));
    }

    private Set<String> hosted() {
        return host.boxes().stream()
                .map(box -> box.incarnation().id().text())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Whatever was answered before a backup began is in it, and nothing that is half there. */
    @Test
    void backupsOfAServerThatIsWrittenToAreWhole() throws Exception {
        Queue<String> answered = new ConcurrentLinkedQueue<>();
        SequencedMap<Path, List<String>> backups = new LinkedHashMap<>();
        AtomicBoolean done = new AtomicBoolean();
        String key;
        try (ServedFolder server = ServedFolder.open(data(), host);
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            key = server.key();
            List<Future<?>> writing = new ArrayList<>();
            for (int client = 0; client < 4; client++) {
                writing.add(clients.submit(() -> {
                    while (!done.get()) {
                        answered.add(server.create());
                        server.json("POST", "/api-keys", "{\"name\":\"another\"}");
                    }
                    return true;
                }));
            }
            for (int i = 0; i < 3; i++) {
                int before = answered.size();
                ServedFolder.await(() -> answered.size() > before + 10);
                List<String> known = List.copyOf(answered);
                if (i == 1) {
                    new SecretFile(data()).rotate(Instant.EPOCH);
                }
                backups.put(backup("backup-" + i), known);
            }
            done.set(true);
            for (Future<?> client : writing) {
                client.get();
            }
        }
        int number = 0;
        // The last first: a server removes from the host what its backup does not know.
        for (Map.Entry<Path, List<String>> each : backups.sequencedEntrySet().reversed()) {
            Path data = restore(each.getKey(), "restored-" + number++);
            try (ServedFolder server = restored(data, key)) {
                for (String id : each.getValue()) {
                    assertThat(server.json("GET", "/sandboxes/" + id, "")
                                    .get("state")
                                    .stringValue())
                            .isEqualTo("running");
                }
                Set<String> started = new TreeSet<>();
                for (JsonNode event : server.events("")) {
                    if (event.get("kind").stringValue().equalsIgnoreCase("created")) {
                        started.add(event.get("sandboxID").stringValue());
                    }
                }
                assertThat(started).containsAll(each.getValue());
            }
        }
    }

    @Test
    void whatIsThereIsKeptWhatIsGoneEndsAndWhatIsUnknownIsRemoved() throws Exception {
        Path backup;
        String key;
        String stays;
        String dies;
        String late;
        long newest;
        try (ServedFolder server = ServedFolder.open(data(), host)) {
            key = server.key();
            stays = server.create();
            dies = server.create();
            backup = backup("backup");
            server.json("DELETE", "/sandboxes/" + dies, "");
            late = server.create();
            newest = newest(server);
        }
        assertThat(hosted()).containsExactlyInAnyOrder(stays, late);
        int starts = host.starts();
        try (ServedFolder server = restored(restore(backup, "restored"), key)) {
            ServedFolder.await(() -> hosted().equals(Set.of(stays)) && server.status(dies) == 404);
            assertThat(server.status(stays)).isEqualTo(200);
            assertThat(server.status(late)).isEqualTo(404);
            List<String> ends = new ArrayList<>();
            for (JsonNode event : server.events("sandboxes/" + dies + "/")) {
                if (event.get("kind").stringValue().equalsIgnoreCase("ended")) {
                    ends.add(event.get("detail").stringValue());
                    assertThat(event.get("sequence").longValue()).isGreaterThan(newest);
                }
            }
            assertThat(ends).singleElement(STRING).endsWith(": its host does not have it any more");
            // Whoever has read all events before sees those after, though there are fewer now.
            server.create();
            assertThat(newest(server)).isGreaterThan(newest);
        }
        assertThat(host.starts()).isEqualTo(starts + 1);
        assertThat(host.violations()).isEmpty();
    }

    private static long newest(ServedFolder server) throws Exception {
        long newest = 0;
        for (JsonNode event : server.events("")) {
            newest = Math.max(newest, event.get("sequence").longValue());
        }
        return newest;
    }

    @Test
    void aDiskThatWasStartedSinceIsStartedAnewWithANumberOfItsOwn() throws Exception {
        Path backup;
        String key;
        String id;
        try (ServedFolder server = ServedFolder.open(data(), host)) {
            key = server.key();
            id = server.create();
            server.json("POST", "/sandboxes/" + id + "/pause", "{\"memory\":false}");
            backup = backup("backup");
            server.json("POST", "/sandboxes/" + id + "/connect", "{\"timeout\":600}");
        }
        long before = host.boxes().getFirst().incarnation().generation();
        try (ServedFolder server = restored(restore(backup, "restored"), key)) {
            ServedFolder.await(() -> host.boxes().isEmpty());
            assertThat(host.keptDisks()).hasSize(1);
            server.json("POST", "/sandboxes/" + id + "/connect", "{\"timeout\":600}");
            assertThat(host.boxes().getFirst().incarnation().generation()).isGreaterThan(before);
        }
        assertThat(host.violations()).isEmpty();
    }

    @Test
    void whatWasReplacedIsPutAsideAndTheNextServerHasTheBackup() throws Exception {
        Path backup;
        String key;
        String late;
        try (ServedFolder server = ServedFolder.open(data(), host)) {
            key = server.key();
            server.create();
            backup = backup("backup");
            late = server.create();
        }
        String instance = "abcd1234";
        Files.writeString(data().resolve("instance"), instance);
        Restore.Done done = Restore.run(
                new Restore.Order(backup, data(), true, Optional.empty(), Optional.empty()), ServedFolder.CLOCK);
        assertThat(done.replaced().orElseThrow()).isDirectoryContaining("glob:**/skerry.db");
        assertThat(data().resolve("instance")).hasContent(instance);
        try (ServedFolder server = restored(data(), key)) {
            assertThat(server.status(late)).isEqualTo(404);
            ServedFolder.await(() -> hosted().size() == 1);
        }
    }
}

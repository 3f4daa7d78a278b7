package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.cgroups.CgroupLayout;
import dev.skerry.host.templates.LockFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftInstancesTest {
    private static final String ID = "abcd1234";
    private static final int STARTS = 200;
    private static final int FILES = 2000;

    @TempDir
    private Path folder;

    private Path run;
    private Path data;
    private Path group;
    private LeftInstances left;

    @BeforeEach
    void make() throws IOException {
        run = Files.createDirectories(folder.resolve("run/" + ID));
        data = Files.createDirectories(folder.resolve("data"));
        Files.createDirectory(run.resolve("stage"));
        Files.createDirectory(run.resolve("names"));
        Files.writeString(run.resolve("guestd-1-2"), "x");
        Files.writeString(data.resolve("instance"), ID + "\n");
        LeftInstances.sign(run, data);
        group = Files.createDirectories(folder.resolve("cgroup/skerry-" + ID));
        CgroupLayout groups = new CgroupLayout.V1(Map.of("memory", folder.resolve("cgroup")), Optional.empty());
        left = new LeftInstances(folder.resolve("run"), InstantSource.system(), groups);
    }

    @Test
    void whatHasItsDataFolderStays() throws IOException {
        assertThat(left.remove()).isEmpty();
        // Its data folder is another instance now.
        Files.writeString(data.resolve("instance"), "other123\n");
        assertThat(left.find()).containsExactly(run.toString());
    }

    @Test
    void whatHasNoneIsRemoved() throws IOException {
        Path other = Files.createDirectory(folder.resolve("run/uid-ranges"));
        Files.delete(data.resolve("instance"));
        Files.delete(data);
        assertThat(left.find()).containsExactly(run.toString());
        assertThat(left.remove()).containsExactly(run.toString());
        assertThat(run).doesNotExist();
        assertThat(group).doesNotExist();
        assertThat(group.getParent()).exists();
        assertThat(other).exists();
        assertThat(left.find()).isEmpty();
    }

    @Test
    void whatWasToSayWhoseItIsGoesWithIt() throws IOException {
        Files.createFile(run.resolve("data123456.new"));
        assertThat(left.remove()).isEmpty();
        Files.delete(data.resolve("instance"));
        assertThat(left.remove()).containsExactly(run.toString());
        assertThat(run).doesNotExist();
    }

    @Test
    void whatSomethingRunsInStays() throws IOException {
        Files.delete(data.resolve("instance"));
        Path sandbox = Files.createDirectory(group.resolve("0123456789abcdefghijklmno.1"));
        assertThat(left.remove()).isEmpty();
        assertThat(run.resolve("guestd-1-2")).exists();
        Files.delete(sandbox);
        assertThat(left.remove()).hasSize(1);
    }

    @Test
    void whatHasASandboxStays() throws IOException {
        Files.delete(data.resolve("instance"));
        Files.createDirectory(run.resolve("0123456789abcdefghijklmno.1"));
        assertThat(left.remove()).isEmpty();
        Files.delete(run.resolve("0123456789abcdefghijklmno.1"));
        Files.createSymbolicLink(run.resolve("names/box"), Path.of("0123456789abcdefghijklmno.1"));
        assertThat(left.remove()).isEmpty();
    }

    /** A server that is just starting has made its folder, and says next whose it is. */
    @Test
    void whatHasNotYetSaidWhoseItIsStays() throws IOException {
        Files.delete(run.resolve("data"));
        assertThat(left.remove()).isEmpty();
        Files.setLastModifiedTime(
                run, FileTime.from(InstantSource.system().instant().minus(Duration.ofHours(2))));
        assertThat(left.find()).containsExactly(run.toString());
    }

    /** Its data folder was moved, so that the place that is written down is none any more. */
    @Test
    void aServerThatStartsMeanwhileMakesItAnew() throws Exception {
        Files.delete(data.resolve("instance"));
        Path hold = run.resolve(Instance.IN_USE);
        LockFile removal = LockFile.acquire(hold, LockFile.Kind.EXCLUSIVE, Duration.ofSeconds(1), "it is removed");
        FutureTask<LockFile> start = new FutureTask<>(() -> Installation.enter(folder.resolve("run"), run));
        Thread server = Thread.ofPlatform().start(start);
        while (server.isAlive() && server.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        Files.move(run, folder.resolve("removed"));
        removal.close();
        try (LockFile _ = start.get(10, TimeUnit.SECONDS)) {
            assertThat(hold).exists();
            assertThat(Instance.inUse(folder.resolve("run"), ID)).isTrue();
        }
    }

    private Set<String> names() {
        try (Stream<Path> entries = Files.list(run)) {
            return entries.map(entry -> entry.getFileName().toString()).collect(Collectors.toSet());
        } catch (IOException e) {
            return Set.of();
        }
    }

    /** Whoever has that has all that is in the folder. */
    @Test
    void whatItIsHeldByGoesLast() throws Exception {
        Files.delete(data.resolve("instance"));
        for (int i = 0; i < FILES; i++) {
            Files.createFile(run.resolve("guestd-" + i));
        }
        Files.createFile(run.resolve(Instance.IN_USE));
        FutureTask<List<String>> removal = new FutureTask<>(left::remove);
        Thread.ofPlatform().start(removal);
        while (!removal.isDone() && Files.exists(run.resolve(Instance.IN_USE))) {
            Thread.onSpinWait();
        }
        assertThat(names()).isEmpty();
        assertThat(removal.get()).hasSize(1);
    }

    /** The same at whatever moment: who has entered has its folder. */
    @Test
    void noServerLosesTheFolderThatItHasEntered() throws Exception {
        Files.delete(data.resolve("instance"));
        AtomicBoolean over = new AtomicBoolean();
        FutureTask<Integer> cleaning = new FutureTask<>(() -> {
            int removed = 0;
            while (!over.get()) {
                removed += left.remove().size();
            }
            return removed;
        });
        Thread.ofPlatform().start(cleaning);
        try {
            for (int i = 0; i < STARTS; i++) {
                try (LockFile _ = Installation.enter(folder.resolve("run"), run)) {
                    LeftInstances.sign(run, data);
                    assertThat(names()).contains("data", Instance.IN_USE);
                }
            }
        } finally {
            over.set(true);
        }
        assertThat(cleaning.get(10, TimeUnit.SECONDS)).isPositive();
    }

    @Test
    void whatSomebodyHasOpenStays() throws IOException {
        Files.delete(data.resolve("instance"));
        try (LockFile _ = Instance.hold(run)) {
            assertThat(left.find()).isEmpty();
        }
        assertThat(left.find()).hasSize(1);
    }
}

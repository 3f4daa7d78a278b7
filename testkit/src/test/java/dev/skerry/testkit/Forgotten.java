package dev.skerry.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.drivers.Launch;
import dev.skerry.host.uids.UidRanges;
import dev.skerry.wire.Limits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Function;

/** A driver that makes something on the host, once, and forgets it. */
final class Forgotten implements Weakness {
    private static final String NAME = "forgotten.1";

    private final Function<Launch, Runnable> make;
    private final Deque<Runnable> undo = new ArrayDeque<>();

    private Forgotten(Function<Launch, Runnable> make) {
        this.make = make;
    }

    static Forgotten cgroup() {
        return new Forgotten(launch -> {
            var group = Weakness.cgroups(launch).create(NAME, Limits.DEFAULT);
            return () -> group.remove(Duration.ofSeconds(10));
        });
    }

    static Forgotten uids() {
        return new Forgotten(launch -> {
            UidRanges ranges = UidRanges.open(UidRanges.DEFAULT_FOLDER);
            String owner = Weakness.instance(launch) + "/" + NAME;
            ranges.claim(owner);
            return () -> ranges.release(owner);
        });
    }

    static Forgotten mount() {
        return new Forgotten(launch -> {
            Path folder = launch.runDir().resolveSibling(NAME);
            try {
                Files.createDirectory(folder);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            command("mount", "-t", "tmpfs", "-o", "size=1m", "forgotten", folder.toString());
            return () -> {
                command("umount", folder.toString());
                command("rmdir", folder.toString());
            };
        });
    }

    private static void command(String... command) {
        try {
            assertThat(new ProcessBuilder(command).inheritIO().start().waitFor())
                    .as(String.join(" ", command))
                    .isZero();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void host(Launch launch) {
        if (undo.isEmpty()) {
            undo.push(make.apply(launch));
        }
    }

    @Override
    public void close() {
        undo.forEach(Runnable::run);
    }
}

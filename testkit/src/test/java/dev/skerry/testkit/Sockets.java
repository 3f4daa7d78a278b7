package dev.skerry.testkit;

import dev.skerry.host.drivers.Launch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The account of sockets on cgroup v1. */
final class Sockets {
    private static final Path MEMORY = Path.of("/sys/fs/cgroup/memory");

    private Sockets() {}

    /** Weakens the limit of a sandbox that is about to start. */
    static void allow(Launch launch, long bytes) {
        Path group = MEMORY.resolve("skerry-" + Weakness.instance(launch)).resolve(launch.name());
        try {
            Files.writeString(group.resolve("memory.kmem.tcp.limit_in_bytes"), Long.toString(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

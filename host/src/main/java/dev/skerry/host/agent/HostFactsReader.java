package dev.skerry.host.agent;

import dev.skerry.host.disks.Disks;
import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Drivers;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.hosts.HostFacts;
import dev.skerry.wire.hosts.HostId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What this machine is and has. */
final class HostFactsReader {
    private static final Pattern MEMORY = Pattern.compile("MemTotal: +([0-9]+) kB");
    private static final int CPU_MILLIS = 1000;

    private final HostId id;
    private final Drivers drivers;
    private final Disks disks;

    HostFactsReader(HostId id, Drivers drivers, Disks disks) {
        this.id = id;
        this.drivers = drivers;
        this.disks = disks;
    }

    HostFacts read() {
        try {
            Matcher memory = MEMORY.matcher(Files.readString(Path.of("/proc/meminfo")));
            return new HostFacts(
                    id,
                    Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip(),
                    drivers.available().stream().map(Driver::level).toList(),
                    Runtime.getRuntime().availableProcessors() * CPU_MILLIS,
                    memory.find() ? Long.parseLong(memory.group(1)) << 10 : 0,
                    disks.capacityBytes());
        } catch (IOException e) {
            throw new Failure(ErrorCode.INTERNAL, "this host cannot be looked at: " + e, e);
        }
    }
}

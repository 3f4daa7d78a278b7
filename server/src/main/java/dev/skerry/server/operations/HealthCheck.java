package dev.skerry.server.operations;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Quantity;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostFacts;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Something that the server depends on.
 *
 * @param needed without it the server is not ready
 */
public record HealthCheck(String name, boolean needed, Probe probe) {
    /** Looks whether it is well. */
    @FunctionalInterface
    public interface Probe {
        /** @return in a few words what there is; whatever it throws means that it is not well */
        String look() throws Exception;
    }

    public static HealthCheck host(HostAgent host) {
        return new HealthCheck("host", true, () -> {
            HostFacts facts = host.facts();
            return facts.id() + ", " + host.list().size() + " sandboxes";
        });
    }

    public static HealthCheck templates(HostAgent host) {
        return new HealthCheck("templates", true, () -> host.templates().size() + " templates");
    }

    /** @param bytesMin less free space than this is not well */
    public static HealthCheck diskSpace(Path folder, long bytesMin) {
        return new HealthCheck("disk", false, () -> {
            long free = Files.getFileStore(folder).getUsableSpace();
            if (free < bytesMin) {
                throw new Failure(
                        ErrorCode.NO_SPACE,
                        Quantity.ofBytes(free) + " are free, less than " + Quantity.ofBytes(bytesMin));
            }
            return Quantity.ofBytes(free) + " are free";
        });
    }
}

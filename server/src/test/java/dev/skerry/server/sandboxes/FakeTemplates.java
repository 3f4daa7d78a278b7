package dev.skerry.server.sandboxes;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.hosts.HostTemplate;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Templates that are imported, of which nothing but the name and the image matters. */
public final class FakeTemplates {
    /** By name. */
    public final Map<String, Path> images = new ConcurrentHashMap<>();

    /** Names of those that something uses. */
    public final Set<String> held = ConcurrentHashMap.newKeySet();

    HostTemplate add(Path image, String name) {
        images.put(name, image);
        return new HostTemplate(
                Optional.of(name), "sha256:1", "user", "/", List.of(), List.of(), false, Instant.EPOCH, true);
    }

    void remove(String name) {
        if (held.contains(name)) {
            throw new Failure(ErrorCode.CONFLICT, "template '" + name + "' is in use by a pool", "end that first");
        }
        if (images.remove(name) == null) {
            throw new Failure(ErrorCode.NOT_FOUND, "there is no template '" + name + "'");
        }
    }
}

package dev.skerry.wire.hosts;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A template as its host knows it.
 *
 * @param digest {@code sha256:…}
 * @param user whom processes run as when a request does not say
 * @param environment {@code NAME=value}
 * @param command what the image would run; may be empty
 * @param privileged whether its setuid programs may work
 */
public record HostTemplate(
        Optional<String> name,
        String digest,
        String user,
        String workdir,
        List<String> environment,
        List<String> command,
        boolean privileged,
        Instant createdAt,
        boolean current) {
    public HostTemplate {
        environment = List.copyOf(environment);
        command = List.copyOf(command);
    }
}

package dev.skerry.server.secrets;

import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The secrets as they are now: a file that was rotated is read again within a second, without a restart. While it
 * cannot be read, what was known before counts. Thread-safe.
 */
public final class Secrets {
    private static final Logger LOG = LoggerFactory.getLogger(Secrets.class);
    private static final long LOOK_NANOS = Duration.ofSeconds(1).toNanos();

    private final Optional<SecretFile> file;
    private volatile Known known;

    /** @param stamp of the file, by which a change of it is seen */
    private record Known(List<Secret> secrets, String stamp, long lookedAtNanos) {}

    private Secrets(Optional<SecretFile> file, Known known) {
        this.file = file;
        this.known = known;
    }

    /** Makes one if there is none. */
    public static Secrets open(SecretFile file) {
        List<Secret> secrets = file.readOrMake();
        // The stamp of before the next look: should the file have changed meanwhile, it is read once more.
        return new Secrets(Optional.of(file), new Known(secrets, "", System.nanoTime() - LOOK_NANOS));
    }

    /** That never change. */
    public static Secrets of(Secret... secrets) {
        return new Secrets(Optional.empty(), new Known(List.of(secrets), "", System.nanoTime()));
    }

    /** The one to make something with. */
    public Secret current() {
        return accepted().getFirst();
    }

    /** All that something may have been made with, the one that is used first. */
    public List<Secret> accepted() {
        if (System.nanoTime() - known.lookedAtNanos() >= LOOK_NANOS) {
            look();
        }
        return known.secrets();
    }

    /** Looks again before it says that there is no such one. */
    Optional<Secret> find(String id) {
        return among(accepted(), id).or(() -> {
            look();
            return among(known.secrets(), id);
        });
    }

    private static Optional<Secret> among(List<Secret> secrets, String id) {
        return secrets.stream().filter(secret -> secret.id().equals(id)).findFirst();
    }

    private synchronized void look() {
        if (file.isEmpty()) {
            return;
        }
        Known before = known;
        try {
            String stamp = stamp(file.get());
            List<Secret> secrets =
                    stamp.equals(before.stamp()) ? before.secrets() : file.get().read();
            if (!secrets.equals(before.secrets())) {
                LOG.atInfo()
                        .addKeyValue("current", secrets.getFirst().id())
                        .addKeyValue("accepted", secrets.size())
                        .log("the instance's secrets have changed");
            }
            known = new Known(secrets, stamp, System.nanoTime());
        } catch (IOException | Failure e) {
            known = new Known(before.secrets(), before.stamp(), System.nanoTime());
            LOG.atWarn().setCause(e).log("the instance's secrets cannot be read; those known before are used");
        }
    }

    private static String stamp(SecretFile file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file.path(), BasicFileAttributes.class);
        return attributes.fileKey() + "/" + attributes.lastModifiedTime().toMillis() + "/" + attributes.size();
    }
}

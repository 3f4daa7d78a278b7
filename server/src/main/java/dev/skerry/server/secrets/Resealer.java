package dev.skerry.server.secrets;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * After each rotation, and once at its start, has everything that is stored encrypted with the secret in use, so that
 * the others can be retired. Two servers may do it at a time.
 */
public final class Resealer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Resealer.class);
    private static final Duration INTERVAL = Duration.ofSeconds(1);

    private final Secrets secrets;
    private final List<SealedStore> stores;
    private final Thread thread;
    private String done = "";

    public Resealer(Secrets secrets, List<? extends SealedStore> stores) {
        this.secrets = secrets;
        this.stores = List.copyOf(stores);
        this.thread = Thread.ofVirtual().name("resealer").unstarted(this::run);
    }

    public void start() {
        thread.start();
    }

    private void run() {
        try {
            while (true) {
                pass();
                Thread.sleep(INTERVAL);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void pass() {
        String current = secrets.current().id();
        if (current.equals(done)) {
            return;
        }
        try {
            int changed = stores.stream().mapToInt(SealedStore::reseal).sum();
            // Another server may still have written with the one before; only what is all there is done.
            if (sealedBy().keySet().stream().allMatch(current::equals)) {
                done = current;
            }
            if (changed > 0) {
                LOG.atInfo()
                        .addKeyValue("secret", current)
                        .addKeyValue("values", changed)
                        .log("what is stored encrypted is now encrypted with the secret in use");
            }
        } catch (RuntimeException e) {
            LOG.atWarn().setCause(e).log("what is stored could not be encrypted anew; it will be tried again");
        }
    }

    /** How many stored texts need each secret, by its id. */
    public Map<String, Long> sealedBy() {
        Map<String, Long> all = new TreeMap<>();
        stores.forEach(store -> store.sealedBy().forEach((id, count) -> all.merge(id, count, Long::sum)));
        return all;
    }

    public List<Secret> secrets() {
        return secrets.accepted();
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}

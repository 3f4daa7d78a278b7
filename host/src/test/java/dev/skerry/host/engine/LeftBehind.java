package dev.skerry.host.engine;

import dev.skerry.host.disks.Disks;
import dev.skerry.wire.SandboxId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Removes what a test has left on this host that failed, after it has cleaned up itself as far as it came: so that it
 * is not found by the next one. What a good test leaves is its failure, and not touched here.
 */
public final class LeftBehind implements AfterEachCallback {
    private static final Duration BOUND = Duration.ofSeconds(10);

    private final Supplier<EngineSettings> settings;
    private final Runnable letGo;

    /**
     * @param settings of the installation that the tests share
     * @param letGo ends what this process has of it
     */
    public LeftBehind(Supplier<EngineSettings> settings, Runnable letGo) {
        this.settings = settings;
        this.letGo = letGo;
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (context.getExecutionException().isPresent()) {
            letGo.run();
            remove(settings.get());
        }
    }

    /** Ends and removes every sandbox and disk of an installation that nobody works with, whoever made it. */
    public static void remove(EngineSettings settings) {
        List<RuntimeException> failed = new ArrayList<>();
        try (Engine engine = Engine.open(settings)) {
            engine.list()
                    .forEach(view ->
                            attempt(failed, () -> engine.erase(view.record().incarnation())));
            attempt(failed, () -> engine.reaper().reap(Duration.ZERO));
            Disks disks = Disks.open(settings.dataFolder());
            disks.list().forEach(id -> attempt(failed, () -> discard(disks, id)));
        }
        if (!failed.isEmpty()) {
            throw failed.getFirst();
        }
    }

    private static void discard(Disks disks, SandboxId id) {
        if (disks.awaitFree(id, BOUND, () -> false)) {
            disks.discard(id);
        }
    }

    private static void attempt(List<RuntimeException> failed, Runnable removal) {
        try {
            removal.run();
        } catch (RuntimeException e) {
            failed.add(e);
        }
    }
}

package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.EngineSettings;
import dev.skerry.host.engine.SandboxView;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Looks after each test whether it has left a sandbox. By the engine behind 'ps': a JVM at the end of each test would
 * take a third of the time.
 */
final class NoSandboxLeft implements AfterEachCallback {
    @Override
    public void afterEach(ExtensionContext context) {
        Path guestd = Shipped.dist().resolve("libexec/guestd");
        try (Engine engine = Engine.open(EngineSettings.system(Shipped.DATA, guestd))) {
            List<SandboxView> left = engine.list();
            // The next test is not to find them.
            left.forEach(view -> engine.kill(view.id().text()));
            assertThat(left).isEmpty();
        }
    }
}

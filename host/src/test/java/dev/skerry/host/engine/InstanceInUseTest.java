package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Who restores a backup must see a server of its instance, also one that has no sandboxes. */
class InstanceInUseTest {
    private static final Path RUN_FOLDER = Path.of("/run/skerry");

    private final TestHost host = TestHost.make();

    @Test
    void anEngineWithoutSandboxesIsSeenWhileItIsOpen() {
        String id;
        try (Engine first = host.engine()) {
            id = first.instance();
            try (Engine second = host.engine()) {
                assertThat(second.instance()).isEqualTo(id);
            }
            assertThat(Instance.inUse(RUN_FOLDER, id)).isTrue();
            assertThat(Instance.inUse(RUN_FOLDER, "other000")).isFalse();
            assertThat(Instance.inUse(RUN_FOLDER.resolve(id), "..")).isFalse();
        }
        assertThat(Instance.inUse(RUN_FOLDER, id)).isFalse();
    }
}

package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.host.cgroups.CgroupLayout;
import dev.skerry.host.cgroups.Cgroups;
import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Drivers;
import dev.skerry.host.drivers.Launch;
import dev.skerry.host.drivers.ShimPlan;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Who destroys a sandbox first forbids new tasks in its groups, then kills what is in them. A shim that comes later
 * must not start anything there: nobody would look a second time.
 */
class ClosedBoxTest {
    @RegisterExtension
    private final LeftBehind leftBehind = TestHost.LEFT_BEHIND;

    private final TestHost host = TestHost.make();

    @Test
    void nothingIsStartedWhereNothingMayBeBorn() {
        try (Engine engine = host.engine(new Drivers(List.of(new Closing(Drivers.container(host.guestd())))))) {
            assertThatThrownBy(() -> engine.create(SandboxSpec.base(Isolation.CONTAINER, Limits.DEFAULT))
                            .destroy())
                    .isInstanceOf(Failure.class)
                    .hasMessageContaining("Resource temporarily unavailable");
        }
        host.assertNothingLeft();
    }

    /** The groups are there by the time that a driver is asked for its plan. */
    private record Closing(Driver inner) implements Driver {
        @Override
        public Isolation level() {
            return inner.level();
        }

        @Override
        public String runtime() {
            return inner.runtime();
        }

        @Override
        public Set<Feature> features() {
            return inner.features();
        }

        @Override
        public List<Finding> probe() {
            return inner.probe();
        }

        @Override
        public ShimPlan plan(Launch launch) {
            String instance = launch.runDir().getParent().getFileName().toString();
            Cgroups.open(CgroupLayout.detect(), instance)
                    .find(launch.name())
                    .orElseThrow()
                    .boxDirs()
                    .forEach(Closing::close);
            return inner.plan(launch);
        }

        private static void close(Path group) {
            Path limit = group.resolve("pids.max");
            if (Files.exists(limit)) {
                try {
                    Files.writeString(limit, "0");
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }
}

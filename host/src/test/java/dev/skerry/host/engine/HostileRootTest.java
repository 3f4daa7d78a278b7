package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Drivers;
import dev.skerry.host.drivers.Launch;
import dev.skerry.host.drivers.ShimPlan;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A root file system may come from a stranger's image, and the launcher mounts things in it while it can still see the
 * host's files: a symbolic link there leads nowhere.
 */
class HostileRootTest {
    @RegisterExtension
    private final LeftBehind leftBehind = TestHost.LEFT_BEHIND;

    private final TestHost host = TestHost.make();
    private Path layer;
    private Path target;

    @BeforeEach
    void makeTheLayer() throws IOException {
        layer = Files.createTempDirectory(Path.of("/var/tmp"), "skerry-hostile");
        target = Files.createTempDirectory(Path.of("/var/tmp"), "skerry-target");
        Files.setPosixFilePermissions(layer, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.assertNothingLeft();
        for (Path folder : List.of(layer, target)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"dev", "proc", "sys", ".skerry", "data"})
    void aLinkInPlaceOfAMountIsRefused(String name) throws Exception {
        Files.createSymbolicLink(layer.resolve(name), target);
        refuses("/" + name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../../../../../../../../../var/tmp", "/", "usr", "missing"})
    void whereverItLeads(String content) throws Exception {
        Files.createSymbolicLink(layer.resolve("dev"), Path.of(content));
        refuses("/dev");
    }

    @Test
    void aLinkOnTheWayIsRefused() throws Exception {
        Files.createDirectory(layer.resolve("data"));
        Files.createSymbolicLink(layer.resolve("data/inner"), target);
        refuses("/data/inner/bind", "/data/inner/bind");
    }

    @Test
    void aLinkInPlaceOfAFileIsRefused() throws Exception {
        Files.createDirectory(layer.resolve(".skerry"));
        Files.createSymbolicLink(layer.resolve(".skerry/guestd"), target.resolve("guestd"));
        refuses("/.skerry/guestd");
    }

    private void refuses(String path) throws IOException {
        refuses(path, "/data");
    }

    private void refuses(String path, String bind) throws IOException {
        Set<String> before = seen();
        SandboxSpec spec = SandboxSpec.base(Isolation.CONTAINER, Limits.DEFAULT)
                .withBinds(List.of(new SandboxSpec.Bind(Path.of("/usr/share/doc"), bind)));
        Driver driver = new OnTop(Drivers.container(host.guestd()), layer);
        try (Engine engine = host.engine(new Drivers(List.of(driver)))) {
            assertThatThrownBy(() -> engine.create(spec).destroy())
                    .isInstanceOf(Failure.class)
                    .hasMessageContaining(path)
                    .hasMessageContaining("symbolic link");
        }
        assertThat(seen()).isEqualTo(before);
    }

    /** What could have been changed: the target of the links, and what is mounted on the host. */
    private Set<String> seen() throws IOException {
        try (Stream<Path> files = Files.walk(target)) {
            var seen = new TreeSet<>(files.map(Path::toString).toList());
            seen.addAll(Files.readAllLines(Path.of("/proc/self/mounts")).stream()
                    .filter(line -> line.contains("skerry"))
                    .toList());
            return seen;
        }
    }

    /** A driver whose sandboxes have one more layer, above the template's. */
    private record OnTop(Driver inner, Path layer) implements Driver {
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
            List<Path> layers = new ArrayList<>(List.of(layer));
            layers.addAll(launch.layers());
            return inner.plan(new Launch(
                    launch.name(), launch.runDir(), launch.spec(), layers, launch.uidBase(), launch.guestd()));
        }
    }
}

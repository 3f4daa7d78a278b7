package dev.skerry.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.drivers.Drivers;
import dev.skerry.host.drivers.RuntimeProgram;
import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.EngineSettings;
import java.nio.file.Path;
import java.util.Optional;

/** Engines on a data folder of the tests' own. */
final class TestEngines {
    private static final ExclusiveFolder DATA = ExclusiveFolder.of(Path.of("/var/tmp/skerry-testkit"));

    private TestEngines() {}

    static Path data() {
        return DATA.path();
    }

    static Path guestd() {
        String machine = System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
        Path guestd = Path.of(System.getProperty("skerry.root", ".."), "native/build", machine, "guestd")
                .toAbsolutePath()
                .normalize();
        assertThat(guestd).as("build it with: make -C native").isExecutable();
        return guestd;
    }

    static RuntimeProgram runtime(String name) {
        Optional<RuntimeProgram> runtime = RuntimeProgram.find(name);
        assertThat(runtime).as("install it with: apt-get install " + name).isPresent();
        return runtime.get();
    }

    static Engine open() {
        return Engine.open(EngineSettings.system(DATA.path(), guestd()));
    }

    static Engine open(Drivers drivers) {
        return Engine.open(EngineSettings.system(DATA.path(), guestd()), drivers);
    }
}

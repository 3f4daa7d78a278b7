package dev.skerry.host.engine;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Launcher;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Where an engine keeps its things.
 *
 * @param dataFolder templates and the instance's identity; survives a reboot
 * @param runFolder a tmpfs: one folder per sandbox, gone with a reboot
 * @param guestd the program that becomes process 1, spawner and shim
 * @param startTimeout how long a sandbox may take to come up
 * @param launcher what starts sandboxes of level container
 */
public record EngineSettings(Path dataFolder, Path runFolder, Path guestd, Duration startTimeout, Launcher launcher) {
    /** Of all instances of this machine. */
    public static final Path RUN_FOLDER = Path.of("/run/skerry");

    /** As {@link #system}, with the guestd of this installation: the launcher says in a property where it is. */
    public static EngineSettings installed(Path dataFolder) {
        Path guestd = Path.of(System.getProperty("skerry.dist", ".")).resolve("libexec/guestd");
        if (!Files.isExecutable(guestd)) {
            throw new Failure(ErrorCode.INTERNAL, "guestd is not at " + guestd, "start Skerry with ./skerry");
        }
        return system(dataFolder, guestd);
    }

    /** The usual places for a user who is root. */
    public static EngineSettings system(Path dataFolder, Path guestd) {
        return new EngineSettings(dataFolder, RUN_FOLDER, guestd, Duration.ofSeconds(15), Launcher.AUTO);
    }

    public EngineSettings with(Launcher other) {
        return new EngineSettings(dataFolder, runFolder, guestd, startTimeout, other);
    }
}

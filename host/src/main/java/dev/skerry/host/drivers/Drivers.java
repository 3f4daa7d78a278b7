package dev.skerry.host.drivers;

import dev.skerry.host.seccomp.Arch;
import dev.skerry.host.seccomp.SeccompProfile;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Launcher;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The drivers that this host can use, weakest level first. */
public record Drivers(List<Driver> available) {
    public Drivers {
        available =
                available.stream().sorted(Comparator.comparing(Driver::level)).toList();
    }

    /**
     * Looks for installed runtimes.
     *
     * @param guestd the program, with its companions in its folder
     * @param launcher what starts sandboxes of level container
     */
    public static Drivers detect(Path guestd, Launcher launcher) {
        List<Driver> found = new ArrayList<>();
        container(guestd, launcher).ifPresent(found::add);
        Path library = guestd.resolveSibling("statx-compat.so");
        RuntimeProgram.find("runsc")
                .ifPresent(runtime -> found.add(
                        new GvisorDriver(runtime, Files.exists(library) ? Optional.of(library) : Optional.empty())));
        return new Drivers(found);
    }

    private static Optional<Driver> container(Path guestd, Launcher launcher) {
        List<Driver.Finding> against = new ArrayList<>();
        if (launcher == Launcher.AUTO) {
            LaunchTrial trial = LaunchTrial.of(guestd);
            if (!trial.works()) {
                against.add(trial.finding());
            }
        }
        if (launcher != Launcher.CRUN && against.isEmpty()) {
            return Optional.of(container(guestd));
        }
        return RuntimeProgram.find("crun")
                .or(() -> RuntimeProgram.find("runc"))
                .map(runtime -> container(runtime, against));
    }

    /** The driver of level container on the launcher of our own. */
    public static Driver container(Path guestd) {
        return new LaunchDriver(guestd, SeccompProfile.load(Arch.host()).compile());
    }

    /** The driver of level container on a runtime of the caller's choice, whichever others are installed. */
    public static Driver container(RuntimeProgram runtime) {
        return container(runtime, List.of());
    }

    /** @param against what speaks against our own launcher */
    private static Driver container(RuntimeProgram runtime, List<Driver.Finding> against) {
        SeccompProfile profile = SeccompProfile.load(Arch.host());
        return new ContainerDriver(
                runtime,
                new ContainerDriver.SeccompFilter(
                        Base64.getEncoder().encodeToString(profile.compile()), profile.toOciJson()),
                against);
    }

    /**
     * The lowest level that satisfies the floor: nothing is upgraded because it happens to be installed, nothing is
     * downgraded ever.
     */
    public Driver select(Isolation floor) {
        return available.stream()
                .filter(driver -> driver.level().satisfies(floor))
                .findFirst()
                .orElseThrow(() -> new Failure(
                        ErrorCode.UNSUPPORTED,
                        "this host has no driver for isolation '" + floor.label() + "' or above; it has: " + levels(),
                        "'skerry doctor' says what is missing"));
    }

    public Driver at(Isolation level) {
        return available.stream()
                .filter(driver -> driver.level() == level)
                .findFirst()
                .orElseThrow(
                        () -> new Failure(ErrorCode.UNSUPPORTED, "this host has no driver '" + level.label() + "'"));
    }

    private String levels() {
        return available.isEmpty()
                ? "none"
                : available.stream().map(driver -> driver.level().label()).collect(Collectors.joining(", "));
    }
}

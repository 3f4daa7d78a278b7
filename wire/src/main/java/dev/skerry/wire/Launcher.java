package dev.skerry.wire;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What starts the sandboxes of level container. */
public enum Launcher {
    /** Our own where a trial start works; else crun, else runc. */
    AUTO,
    /** Our own: no program but guestd takes part. */
    OWN,
    /** crun, or runc where crun is missing. */
    CRUN;

    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Launcher parse(String label) {
        return Arrays.stream(values())
                .filter(launcher -> launcher.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "'" + label + "' is not a launcher",
                        "use one of: "
                                + Arrays.stream(values()).map(Launcher::label).collect(Collectors.joining(", "))));
    }
}

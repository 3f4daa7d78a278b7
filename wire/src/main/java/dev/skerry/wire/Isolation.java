package dev.skerry.wire;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How strongly a sandbox is walled off, weakest first; a request states a floor and a sandbox reports what it achieved.
 */
public enum Isolation {
    /** Linux namespaces, seccomp and cgroups on the host's own kernel. */
    CONTAINER,
    /** A user-space kernel (gVisor's runsc) between the code and the host's kernel. */
    GVISOR,
    /** A virtual machine with a kernel of its own; no driver has it yet. */
    MICROVM;

    public boolean satisfies(Isolation floor) {
        return compareTo(floor) >= 0;
    }

    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Isolation parse(String label) {
        return Arrays.stream(values())
                .filter(level -> level.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "'" + label + "' is not an isolation level",
                        "use one of: "
                                + Arrays.stream(values())
                                        .filter(level -> level != MICROVM)
                                        .map(Isolation::label)
                                        .collect(Collectors.joining(", "))));
    }
}

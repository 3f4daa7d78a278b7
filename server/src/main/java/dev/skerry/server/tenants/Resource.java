package dev.skerry.server.tenants;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a tenant can be given a quota of. */
public enum Resource {
    /** Sandboxes that run, or are on their way there. */
    SANDBOXES("sandboxes"),
    /** Thousandths of a CPU, of all that run. */
    CPU_MILLIS("cpuMillis"),
    /** Bytes, of all that run and of those whose memory is kept while they are paused. */
    MEMORY_BYTES("memoryBytes"),
    /** Bytes, of all that have not ended. */
    DISK_BYTES("diskBytes"),
    /** New sandboxes in a second; as many may come at once. */
    CREATES_PER_SECOND("createsPerSecond"),
    /** Jobs that run at a time; others wait for their turn. */
    JOBS("jobs");

    private final String field;

    Resource(String field) {
        this.field = field;
    }

    /** As requests and answers have it. */
    public String field() {
        return field;
    }

    /** Of the table of tenants. */
    String column() {
        return "max_" + name().toLowerCase(Locale.ROOT);
    }

    public static Optional<Resource> of(String field) {
        return Arrays.stream(values()).filter(each -> each.field.equals(field)).findFirst();
    }

    /** All of them, for a message. */
    public static String fields() {
        return Arrays.stream(values()).map(Resource::field).collect(Collectors.joining(", "));
    }
}

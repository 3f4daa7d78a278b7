package dev.skerry.wire.stream;

import dev.skerry.wire.Fields;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.time.Duration;

/** What a guest says of itself. Bytes. */
public record GuestMetrics(
        long memoryTotal, long memoryAvailable, long diskTotal, long diskAvailable, int processes, Duration uptime) {
    static GuestMetrics of(Fields fields) throws ProtocolViolation {
        return new GuestMetrics(
                bytes(fields, Tag.MEM_TOTAL),
                bytes(fields, Tag.MEM_AVAILABLE),
                bytes(fields, Tag.DISK_TOTAL),
                bytes(fields, Tag.DISK_AVAILABLE),
                (int) fields.optional(Tag.PROCESSES, 0, Integer.MAX_VALUE),
                Duration.ofMillis(fields.optional(Tag.UPTIME_MS, 0, Long.MAX_VALUE)));
    }

    private static long bytes(Fields fields, Tag tag) throws ProtocolViolation {
        return fields.optional(tag, 0, Long.MAX_VALUE);
    }
}

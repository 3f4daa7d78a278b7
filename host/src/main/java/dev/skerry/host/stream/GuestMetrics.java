package dev.skerry.host.stream;

import dev.skerry.wire.Fields;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.time.Duration;

/** What a guest says of itself. Bytes. */
public record GuestMetrics(
        long memoryTotal, long memoryAvailable, long diskTotal, long diskAvailable, int processes, Duration uptime) {
    static GuestMetrics of(Fields fields) {
        try {
            return new GuestMetrics(
                    fields.number(Tag.MEM_TOTAL, 0),
                    fields.number(Tag.MEM_AVAILABLE, 0),
                    fields.number(Tag.DISK_TOTAL, 0),
                    fields.number(Tag.DISK_AVAILABLE, 0),
                    Math.clamp(fields.number(Tag.PROCESSES, 0), 0, Integer.MAX_VALUE),
                    Duration.ofMillis(fields.number(Tag.UPTIME_MS, 0)));
        } catch (ProtocolViolation e) {
            throw GuestErrors.broken(e);
        }
    }
}

package dev.skerry.server.jobs;

import java.time.Duration;

/**
 * How many jobs of a tenant may run at a time where nobody has said so: as many as there are places while it is alone,
 * and three of four while another has handed something in lately, so that who comes need not wait for the end of a long
 * job. Whoever uses it from several threads holds a lock.
 */
final class Shares {
    /** So long after its last job a tenant is company for others. */
    static final Duration COMPANY = Duration.ofMinutes(10);

    private final int slots;
    private String latest = "";
    private String other = "";
    private long otherAt = Long.MIN_VALUE;
    private long latestAt = Long.MIN_VALUE;

    Shares(int slots) {
        this.slots = slots;
    }

    /** @param now in nanoseconds */
    void comes(String tenant, long now) {
        if (!tenant.equals(latest)) {
            other = latest;
            otherAt = latestAt;
            latest = tenant;
        }
        latestAt = now;
    }

    int most(long now) {
        boolean alone = other.isEmpty() || now - otherAt > COMPANY.toNanos();
        return alone ? slots : slots - slots / 4;
    }
}

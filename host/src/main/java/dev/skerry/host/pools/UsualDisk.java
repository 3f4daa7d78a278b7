package dev.skerry.host.pools;

import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolPlan.Disk;
import java.util.HashMap;
import java.util.Map;

/**
 * The size of writable layer that jobs of a template ask for. It is the one limit that cannot be changed once a sandbox
 * is made, so members are made with it. Until a job has come it is what the plan expects; it follows the jobs when
 * eight in a row ask for another. Thread-safe.
 */
final class UsualDisk {
    private static final int CONVINCING = 8;

    private final Map<String, Seen> templates = new HashMap<>();

    /** @param others jobs in a row that asked for {@code other} */
    private record Seen(Disk usual, Disk other, int others) {}

    /** Jobs that have come know better. */
    synchronized void expect(PoolPlan plan) {
        plan.disk().ifPresent(disk -> templates.putIfAbsent(plan.template(), new Seen(disk, disk, 0)));
    }

    /** A job of this template came; whether it asks for what is usual. */
    synchronized boolean asks(String template, Limits limits) {
        Disk disk = new Disk(limits.diskBytes(), limits.diskInodes());
        Seen seen = templates.getOrDefault(template, new Seen(disk, disk, 0));
        int others = seen.other().equals(disk) ? seen.others() + 1 : 1;
        if (disk.equals(seen.usual()) || others >= CONVINCING) {
            seen = new Seen(disk, disk, 0);
        } else {
            seen = new Seen(seen.usual(), disk, others);
        }
        templates.put(template, seen);
        return disk.equals(seen.usual());
    }

    /** These limits, with that size. */
    synchronized Limits limits(String template, Limits limits) {
        Seen seen = templates.get(template);
        return seen == null
                ? limits
                : limits.withDisk(seen.usual().bytes(), seen.usual().inodes());
    }

    synchronized boolean isUsual(String template, Limits limits) {
        return limits(template, limits).equals(limits);
    }
}

package dev.skerry.host.engine;

import dev.skerry.host.cgroups.SandboxCgroup;
import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Drivers;
import dev.skerry.host.drivers.Launch;
import dev.skerry.wire.Limits;
import dev.skerry.wire.SandboxEnd;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Everything of one sandbox that has a name on the host, and how to remove it: processes through the cgroup, then
 * cgroup, uid range, the runtime's files, name and run folder. Mounts, pipes and interfaces hang on the processes and
 * go with them. Removing is idempotent, legal at any moment, and may be done by any process. Thread-safe.
 */
final class Remains {
    private static final Duration KILL_BOUND = Duration.ofSeconds(10);
    private static final Map<String, SandboxEnd.Cause> CAUSES = Map.of(
            "1", SandboxEnd.Cause.GUEST_EXITED,
            "2", SandboxEnd.Cause.DESTROYED,
            "3", SandboxEnd.Cause.TIMED_OUT,
            "4", SandboxEnd.Cause.CPU_TIME,
            "5", SandboxEnd.Cause.START_FAILED);
    private static final String SIGKILL = "9";
    private static final String SHELL_SIGKILL = "137";

    private final Installation installation;
    private final Drivers drivers;
    private final RunFolder folder;
    private final Optional<SandboxRecord> known;
    private final ReentrantLock lock = new ReentrantLock();
    private Optional<SandboxEnd> end = Optional.empty();
    private boolean removed;

    Remains(Installation installation, Drivers drivers, RunFolder folder) {
        this(installation, drivers, folder, Optional.empty());
    }

    /** @param known what is written down of it, for who has it at hand and knows that it stays so */
    Remains(Installation installation, Drivers drivers, RunFolder folder, Optional<SandboxRecord> known) {
        this.known = known;
        this.installation = installation;
        this.drivers = drivers;
        this.folder = folder;
    }

    /** Replaces what is written down of one whose record is not known to stay. */
    void record(SandboxRecord record) {
        folder.record(record);
    }

    /** Whether a controller with a higher epoch has it now. */
    boolean takenOver(long epoch) {
        return folder.epoch() > epoch && folder.running();
    }

    /**
     * Ends what may still live; see {@link #remove}. May meet a sandbox that is just being made: its maker makes the
     * folder first and looks for the mark between the groups and the shim. So who marks it and finds no group has
     * stopped it, and who found no folder either leaves it alone: what comes later is the maker's.
     */
    SandboxEnd destroy() {
        lock.lock();
        try {
            if (removed) {
                return end.orElseThrow(); // What has that name now is another's.
            }
            boolean begun = folder.present();
            condemn();
            Optional<SandboxCgroup> cgroup = installation.cgroups().find(folder.name());
            if (!begun) {
                if (cgroup.isEmpty()) {
                    return new SandboxEnd(SandboxEnd.Cause.DESTROYED, "");
                }
                condemn();
            }
            return clearOnce(cgroup);
        } finally {
            lock.unlock();
        }
    }

    /** What ends from here on was meant to. */
    void condemn() {
        boolean lost = folder.shim().filter(shim -> !shim.alive()).isPresent();
        if (!lost && folder.exit().isEmpty() && folder.end().isEmpty()) {
            folder.condemn();
        }
    }

    /** Whether nothing is left, but for the record of a server's sandbox. */
    boolean removed() {
        lock.lock();
        try {
            return removed;
        } finally {
            lock.unlock();
        }
    }

    /** {@link #destroy}, and the record too. */
    void erase() {
        destroy();
        folder.delete();
    }

    /** By its maker, after a failure: also what those could not see who ended it meanwhile. */
    void undo() {
        lock.lock();
        try {
            condemn();
            clear(installation.cgroups().find(folder.name()));
            folder.delete();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Kills what lives, removes what is left, and says how the sandbox ended: by the shim's record when there is one,
     * else it was destroyed or lost its shim. Of a server's sandbox that had a shim the record of the end stays.
     */
    SandboxEnd remove() {
        lock.lock();
        try {
            if (removed) {
                return end.orElseThrow(); // As in destroy.
            }
            return clearOnce(installation.cgroups().find(folder.name()));
        } finally {
            lock.unlock();
        }
    }

    private SandboxEnd clearOnce(Optional<SandboxCgroup> cgroup) {
        end = end.or(folder::end);
        removed = cgroup.isEmpty() && end.isPresent(); // Its end is written down last of all, whoever does it.
        return removed ? end.orElseThrow() : clear(cgroup);
    }

    private SandboxEnd clear(Optional<SandboxCgroup> cgroup) {
        cgroup.ifPresent(group -> group.kill(KILL_BOUND));
        SandboxEnd facts = end.orElseGet(() -> facts(cgroup));
        Optional<SandboxRecord> record = known.or(folder::record);
        cgroup.ifPresent(group -> group.remove(KILL_BOUND));
        installation.uids().release(installation.claim(folder.name()));
        record.ifPresent(this::sweep);
        if (record.isEmpty() || record.get().name().isPresent()) {
            installation.names().release(folder.name());
        }
        // In this order: who else removes it has written the end down before the record of the shim goes.
        boolean started = folder.shim().isPresent() || folder.end().isPresent();
        boolean kept = started
                && record.filter(_ -> folder.exists())
                        .map(SandboxRecord::hosted)
                        .orElse(false);
        SandboxEnd stands = facts;
        if (kept) {
            stands = folder.finish(facts);
        } else {
            folder.delete();
        }
        end = Optional.of(stands);
        removed = true;
        return stands;
    }

    /** A sandbox whose record cannot be read any more has had no runtime started for it. */
    private void sweep(SandboxRecord record) {
        Launch launch = new Launch(
                folder.name(),
                folder.path(),
                SandboxSpec.base(record.isolation(), Limits.DEFAULT),
                List.of(),
                0,
                folder.path());
        drivers.available().stream()
                .filter(driver -> driver.level() == record.isolation())
                .forEach((Driver driver) -> driver.sweep(launch));
    }

    /** The shim's record of the end, once there is one. */
    Optional<SandboxEnd> recorded() {
        return folder.exit().map(facts -> new SandboxEnd(cause(facts), detail(facts)));
    }

    private static SandboxEnd.Cause cause(Map<String, String> facts) {
        return CAUSES.getOrDefault(facts.getOrDefault("cause", ""), SandboxEnd.Cause.SHIM_LOST);
    }

    private SandboxEnd facts(Optional<SandboxCgroup> cgroup) {
        Optional<Map<String, String>> exit = folder.exit();
        if (exit.isEmpty()) {
            // Who else removes it may have written the end down by now, and removed what says so.
            return folder.end().orElseGet(this::endWithoutRecord);
        }
        Map<String, String> facts = exit.get();
        SandboxEnd.Cause cause = cause(facts);
        if (cause == SandboxEnd.Cause.GUEST_EXITED && folder.condemned()) {
            // The shim saw process 1 being killed, and cannot know by whom.
            return new SandboxEnd(SandboxEnd.Cause.DESTROYED, "");
        }
        // A runtime that stays as the parent reports a killed process 1 as shells do.
        boolean killed = SIGKILL.equals(facts.get("exit_signal")) || SHELL_SIGKILL.equals(facts.get("exit_code"));
        if (cause == SandboxEnd.Cause.GUEST_EXITED && killed && ranOutOfMemory(cgroup)) {
            cause = SandboxEnd.Cause.OUT_OF_MEMORY;
        }
        return new SandboxEnd(cause, detail(facts));
    }

    /** Only the group knows it; so it is written down before that goes, for who comes after a kill of this process. */
    private boolean ranOutOfMemory(Optional<SandboxCgroup> cgroup) {
        if (cgroup.map(group -> group.usage().outOfMemoryKills()).orElse(0L) > 0) {
            folder.noteOutOfMemory();
        }
        return folder.outOfMemory();
    }

    private SandboxEnd endWithoutRecord() {
        return folder.condemned()
                ? new SandboxEnd(SandboxEnd.Cause.DESTROYED, "")
                : new SandboxEnd(SandboxEnd.Cause.SHIM_LOST, "the shim ended without a record");
    }

    private static String detail(Map<String, String> facts) {
        String message = facts.getOrDefault("message", "");
        if (!message.isEmpty()) {
            return message;
        }
        String signal = facts.getOrDefault("exit_signal", "0");
        return signal.equals("0")
                ? "process 1 exited with " + facts.getOrDefault("exit_code", "?")
                : "process 1 was killed by signal " + signal;
    }
}

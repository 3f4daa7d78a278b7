package dev.skerry.host.jobs.prestart;

import dev.skerry.host.jobs.EngineSandbox;
import dev.skerry.host.jobs.Job;
import dev.skerry.host.jobs.JobSandbox.Start;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.GuestFiles;
import dev.skerry.wire.stream.GuestProcess;
import dev.skerry.wire.stream.GuestProcess.Scope;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/** Brings an interpreter to where it waits for its program, and stops it there. */
final class Parking {
    private static final Duration START_BOUND = Duration.ofSeconds(20);
    private static final Duration STOP_BOUND = Duration.ofSeconds(5);
    private static final Duration LOOK_EVERY = Duration.ofMillis(8);
    /** Where the kernel does not say what a process waits for: it has used no more than this in so many looks. */
    private static final Duration IDLE_CPU = Duration.ofMillis(1);

    private static final int IDLE_LOOKS = 6;
    private static final int FIFO_MODE = 0600;
    private static final int SIGKILL = 9;
    private static final int SIGSTOP = 19;

    /** The kernel's names of where a process waits that opens a FIFO for reading. */
    private static final Set<String> OPENING = Set.of("wait_for_partner", "fifo_open");

    private final EngineSandbox sandbox;
    private final GuestFiles files;
    private final GuestProcess process;
    private int idle;
    private Duration cpu = Duration.ZERO;

    private Parking(EngineSandbox sandbox, GuestFiles files, GuestProcess process) {
        this.sandbox = sandbox;
        this.files = files;
        this.process = process;
    }

    /** @param door what it opens when it is ready for its program */
    static Waiting park(EngineSandbox sandbox, Start start, String door) throws InterruptedException {
        GuestFiles files = sandbox.sandbox().guest().files().as(start.user());
        String folder = door.substring(0, door.lastIndexOf('/'));
        if (!folder.equals(start.folder())) {
            files.makeFolder(folder, 0755);
        }
        files.makeFifo(door, FIFO_MODE);
        GuestProcess process = sandbox.sandbox().guest().exec(sandbox.request(unlimited(start)));
        var parking = new Parking(sandbox, files, process);
        try {
            parking.await("does not come to open its program", START_BOUND, parking::opens);
            process.signal(SIGSTOP, Scope.PROCESS);
            parking.await("does not stop", STOP_BOUND, parking::stopped);
            files.remove(door, false);
        } catch (Failure e) {
            parking.discard();
            throw e;
        }
        return new Waiting(process, start);
    }

    private static Start unlimited(Start start) {
        return new Start(
                start.tag(),
                start.words(),
                start.environment(),
                start.folder(),
                start.user(),
                new Job.StageLimits(Optional.empty(), Optional.empty()),
                start.terminal());
    }

    private interface Condition {
        boolean holds() throws InterruptedException;
    }

    private void await(String what, Duration bound, Condition condition) throws InterruptedException {
        long until = System.nanoTime() + bound.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() > until) {
                throw new Failure(ErrorCode.DEADLINE_EXCEEDED, "an interpreter that shall wait for a job " + what);
            }
            if (process.await(Duration.ZERO).isPresent()) {
                throw new Failure(ErrorCode.SANDBOX_GONE, "an interpreter that shall wait for a job has ended");
            }
            LockSupport.parkNanos(LOOK_EVERY.toNanos());
        }
    }

    private boolean opens() throws InterruptedException {
        boolean known = false;
        for (int thread : firstThreads()) {
            String place = files.readText("/proc/" + process.pid() + "/task/" + thread + "/wchan");
            known |= place.length() > 1;
            if (OPENING.contains(place)) {
                return true;
            }
        }
        return !known && idles();
    }

    /** The program is opened by the first, or, where that one only waits for its end, by the second. */
    private List<Integer> firstThreads() throws InterruptedException {
        return files.list("/proc/" + process.pid() + "/task").stream()
                .map(thread -> Integer.parseInt(thread.path()))
                .sorted()
                .limit(2)
                .toList();
    }

    /** On a kernel that keeps such things to itself; stopping a process too early costs time, nothing else. */
    private boolean idles() {
        Duration now = sandbox.usage().cpuTime();
        idle = now.minus(cpu).compareTo(IDLE_CPU) < 0 ? idle + 1 : 0;
        cpu = now;
        return idle > IDLE_LOOKS;
    }

    private boolean stopped() throws InterruptedException {
        String stat = files.readText("/proc/" + process.pid() + "/stat");
        return stat.startsWith(" T", stat.lastIndexOf(')') + 1);
    }

    private void discard() throws InterruptedException {
        try {
            process.signal(SIGKILL, Scope.TREE);
        } catch (Failure e) {
            // It has ended, or the sandbox has.
        }
    }
}

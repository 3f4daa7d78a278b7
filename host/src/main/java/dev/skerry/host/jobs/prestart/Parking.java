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
    /** Where the kernel does not say what a thread waits for: it was asleep in so many looks. */
    private static final int ASLEEP_LOOKS = 6;

    private static final int FOLDER_MODE = 0755;
    private static final int FIFO_MODE = 0600;
    private static final int SIGKILL = 9;
    private static final int SIGSTOP = 19;

    /** The kernel's names of where a thread waits that opens a FIFO for reading. */
    private static final Set<String> OPENING = Set.of("wait_for_partner", "fifo_open");

    private final GuestFiles files;
    private final GuestProcess process;
    private final String place;
    private int asleep;

    private Parking(GuestFiles files, GuestProcess process) {
        this.files = files;
        this.process = process;
        this.place = "/proc/" + process.pid();
    }

    /** @param door what it opens when it is ready for its program */
    static GuestProcess park(EngineSandbox sandbox, Start start, String door) throws InterruptedException {
        // As its user, who may look at it.
        GuestFiles files = sandbox.sandbox().guest().files().as(start.user());
        if (!files.exists(start.folder())) {
            sandbox.makeFolder(start.folder(), start.user());
        }
        String folder = door.substring(0, door.lastIndexOf('/'));
        if (!folder.equals(start.folder())) {
            files.makeFolder(folder, FOLDER_MODE);
        }
        files.makeFifo(door, FIFO_MODE);
        GuestProcess process = sandbox.sandbox().guest().exec(sandbox.request(unlimited(start)));
        var parking = new Parking(files, process);
        try {
            parking.await("does not come to open its program", START_BOUND, parking::opens);
            process.signal(SIGSTOP, Scope.PROCESS);
            parking.await("does not stop", STOP_BOUND, parking::stopped);
            files.remove(door, false);
        } catch (Failure e) {
            parking.discard();
            throw e;
        }
        return process;
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
        boolean sleeps = true;
        for (int thread : firstThreads()) {
            String folder = place + "/task/" + thread;
            String where = text(folder + "/wchan");
            if (OPENING.contains(where)) {
                return true;
            }
            // Where the kernel keeps it to itself, it says 0, or has no such file. To stop a process too early costs
            // its job time, nothing else.
            sleeps &= where.length() <= 1 && state(folder) == 'S';
        }
        asleep = sleeps ? asleep + 1 : 0;
        return asleep >= ASLEEP_LOOKS;
    }

    /** The program is opened by the first, or, where that one only waits for its end, by the second. */
    private List<Integer> firstThreads() throws InterruptedException {
        return files.list(place + "/task").stream()
                .map(thread -> Integer.parseInt(thread.path()))
                .sorted()
                .limit(2)
                .toList();
    }

    private boolean stopped() throws InterruptedException {
        return state(place) == 'T';
    }

    /** As proc(5) says; a blank when it has ended. */
    private char state(String folder) throws InterruptedException {
        String stat = text(folder + "/stat");
        int at = stat.lastIndexOf(')') + 2;
        return at < stat.length() ? stat.charAt(at) : ' ';
    }

    private String text(String path) throws InterruptedException {
        try {
            return files.readText(path);
        } catch (Failure e) {
            if (e.code() == ErrorCode.NOT_FOUND) {
                return "";
            }
            throw e;
        }
    }

    private void discard() throws InterruptedException {
        try {
            process.signal(SIGKILL, Scope.TREE);
        } catch (Failure e) {
            // It has ended, or the sandbox has.
        }
    }
}

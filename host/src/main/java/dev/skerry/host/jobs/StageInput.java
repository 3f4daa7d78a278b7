package dev.skerry.host.jobs;

import dev.skerry.wire.Failure;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;

/** What a process reads from its stdin. */
interface StageInput {
    /** So much goes out without waiting for the process to read: the first credit of its stream. */
    int AT_ONCE_BYTES = 1 << 16;

    /** Somebody else writes it. */
    StageInput OTHERS = process -> () -> {};

    /** Begins to write it. */
    Feeding feed(JobSandbox.JobProcess process);

    /** Writing that is under way. */
    interface Feeding {
        /** The process has ended. */
        void end();
    }

    static StageInput of(byte[] bytes) {
        return process -> {
            if (bytes.length <= AT_ONCE_BYTES) {
                copy(new ByteArrayInputStream(bytes), process);
                return () -> {};
            }
            Thread.ofVirtual().name("input").start(() -> copy(new ByteArrayInputStream(bytes), process));
            return () -> {}; // writing to what has ended fails by itself
        };
    }

    /** Read by a thread that may go on reading after the process has ended; not closed. */
    static StageInput from(InputStream stream) {
        return process -> {
            // A platform thread: a virtual one that waits in read(2) cannot be interrupted.
            Thread thread = Thread.ofPlatform().daemon().name("input").start(() -> copy(stream, process));
            return thread::interrupt;
        };
    }

    private static void copy(InputStream from, JobSandbox.JobProcess process) {
        try (var to = process.stdin()) {
            byte[] buffer = new byte[AT_ONCE_BYTES];
            for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
                to.write(buffer, 0, n);
                to.flush();
            }
        } catch (IOException | Failure e) {
            // The program has closed its input or ended: it does not want the rest, as with a pipe.
        }
    }
}

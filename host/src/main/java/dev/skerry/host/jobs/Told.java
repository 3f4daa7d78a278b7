package dev.skerry.host.jobs;

import dev.skerry.wire.jobs.JobControl;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobListener.Phase;
import dev.skerry.wire.jobs.JobListener.Stream;
import dev.skerry.wire.jobs.JobPlace;
import dev.skerry.wire.jobs.StageOutcome;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;

/** A job's listener, told one thing at a time, and nothing more of a stage that has ended. Thread-safe. */
final class Told {
    private final JobListener listener;
    private final ReentrantLock turn = new ReentrantLock();
    private boolean running;

    Told(JobListener listener) {
        this.listener = listener;
    }

    void placed(JobPlace place) {
        turn.lock();
        try {
            listener.placed(place);
        } finally {
            turn.unlock();
        }
    }

    void begins(Phase phase, int run, JobControl control) {
        turn.lock();
        try {
            running = true;
            listener.begins(phase, run, control);
        } finally {
            turn.unlock();
        }
    }

    /** @throws IOException when the listener fails: it is taken for one that does not listen any more */
    void wrote(Stream stream, byte[] bytes, int count) throws IOException {
        turn.lock();
        try {
            if (running) {
                listener.wrote(stream, Arrays.copyOf(bytes, count));
            }
        } catch (RuntimeException e) {
            throw new IOException("the listener failed", e);
        } finally {
            turn.unlock();
        }
    }

    /** Whether the next case is wanted. */
    boolean ended(Phase phase, int run, StageOutcome outcome) {
        turn.lock();
        try {
            running = false;
            return listener.ended(phase, run, outcome);
        } finally {
            turn.unlock();
        }
    }
}

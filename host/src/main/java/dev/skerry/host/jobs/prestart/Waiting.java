package dev.skerry.host.jobs.prestart;

import dev.skerry.host.jobs.EngineSandbox;
import dev.skerry.host.jobs.JobSandbox.JobProcess;
import dev.skerry.host.jobs.JobSandbox.Start;
import dev.skerry.host.jobs.WaitingProgram;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.GuestProcess;
import java.time.Duration;
import java.util.Optional;

/** A stopped interpreter, about to open its program. */
public final class Waiting implements WaitingProgram {
    private static final Duration END_BOUND = Duration.ofSeconds(5);

    private final GuestProcess process;
    private final Start started;
    private final Fashion fashion;

    Waiting(GuestProcess process, Start started, Fashion fashion) {
        this.process = process;
        this.started = started;
        this.fashion = fashion;
    }

    Fashion fashion() {
        return fashion;
    }

    /** Whether a program that is started like this would find what it finds in the waiting one. */
    private boolean suits(Start wanted) {
        return wanted.words().equals(started.words())
                && wanted.environment().equals(started.environment())
                && wanted.folder().equals(started.folder())
                && wanted.user().equals(started.user())
                && wanted.terminal().equals(started.terminal());
    }

    @Override
    public Optional<JobProcess> release(Start start) {
        JobProcess program = EngineSandbox.running(process);
        if (!suits(start)) {
            end(program);
            return Optional.empty();
        }
        try {
            process.release(
                    EngineSandbox.resourceLimits(start.limits()), start.limits().wall());
            return Optional.of(program);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(ErrorCode.SANDBOX_GONE, "interrupted while waiting for the sandbox", e);
        } catch (Failure e) {
            if (e.code() == ErrorCode.SANDBOX_GONE) {
                throw e;
            }
            // It has ended meanwhile, or a limit is wider than what it was started with.
            end(program);
            return Optional.empty();
        }
    }

    private static void end(JobProcess program) {
        program.kill();
        program.await(END_BOUND);
    }
}

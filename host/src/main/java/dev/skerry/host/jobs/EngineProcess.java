package dev.skerry.host.jobs;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.ExecRequest;
import dev.skerry.wire.stream.GuestProcess;
import dev.skerry.wire.stream.ProcessExit;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** A process of the engine's sandbox as a job uses it. */
record EngineProcess(GuestProcess process) implements JobSandbox.JobProcess {
    private static final int SIGKILL = 9;

    @Override
    public OutputStream stdin() {
        return process.stdin();
    }

    @Override
    public InputStream stdout() {
        return process.stdout();
    }

    @Override
    public InputStream stderr() {
        return process.stderr();
    }

    @Override
    public void resize(JobSandbox.TerminalSize size) {
        EngineSandbox.interruptibly(() -> {
            process.resize(new ExecRequest.TerminalSize(size.rows(), size.columns()));
            return true;
        });
    }

    @Override
    public void signal(int number) {
        signal(number, GuestProcess.Scope.PROCESS);
    }

    @Override
    public void kill() {
        signal(SIGKILL, GuestProcess.Scope.TREE);
    }

    /** To what has ended, nothing happens. */
    private void signal(int number, GuestProcess.Scope scope) {
        try {
            EngineSandbox.interruptibly(() -> {
                process.signal(number, scope);
                return true;
            });
        } catch (Failure e) {
            if (e.code() != ErrorCode.NOT_FOUND
                    && e.code() != ErrorCode.SANDBOX_GONE
                    && e.code() != ErrorCode.CONFLICT) {
                throw e;
            }
        }
    }

    @Override
    public Optional<JobSandbox.Exit> await(Duration limit) {
        return EngineSandbox.interruptibly(() -> process.await(limit)).map(EngineProcess::exit);
    }

    private static JobSandbox.Exit exit(ProcessExit exit) {
        boolean signalled = exit.signal() != 0;
        return new JobSandbox.Exit(
                signalled ? OptionalInt.empty() : OptionalInt.of(exit.code()),
                signalled ? OptionalInt.of(exit.signal()) : OptionalInt.empty(),
                exit.cause() == ProcessExit.Cause.TIMED_OUT,
                exit.cause() == ProcessExit.Cause.CPU_TIME);
    }
}

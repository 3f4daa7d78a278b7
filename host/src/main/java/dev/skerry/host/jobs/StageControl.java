package dev.skerry.host.jobs;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.JobControl;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicBoolean;

/** What a listener can do to a stage. Thread-safe. */
final class StageControl implements JobControl {
    private final JobSandbox.JobProcess process;
    private final AtomicBoolean killed;

    /** @param killed is set when the stage is ended by this */
    StageControl(JobSandbox.JobProcess process, AtomicBoolean killed) {
        this.process = process;
        this.killed = killed;
    }

    @Override
    public OutputStream stdin() {
        return new UntilItsEnd(process.stdin());
    }

    @Override
    public void signal(int number) {
        process.signal(number);
    }

    @Override
    public void kill() {
        killed.set(true);
        process.kill();
    }

    /** To a program that has ended or closed its input, writing is an {@link IOException}, as to a broken pipe. */
    private static final class UntilItsEnd extends OutputStream {
        private final OutputStream to;

        UntilItsEnd(OutputStream to) {
            this.to = to;
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                to.write(bytes, offset, length);
            } catch (Failure e) {
                if (e.code() != ErrorCode.CONFLICT && e.code() != ErrorCode.SANDBOX_GONE) {
                    throw e;
                }
                throw new IOException("the program does not read any more", e);
            }
        }

        @Override
        public void flush() throws IOException {
            to.flush();
        }

        @Override
        public void close() throws IOException {
            to.close();
        }
    }
}

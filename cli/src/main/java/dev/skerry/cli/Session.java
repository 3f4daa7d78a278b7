package dev.skerry.cli;

import dev.skerry.host.jobs.JobSandbox;
import dev.skerry.host.jobs.JobSandbox.Exit;
import dev.skerry.host.jobs.JobSandbox.JobProcess;
import dev.skerry.host.jobs.JobSandbox.TerminalSize;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;

/**
 * Connects this process's standard streams to a process in a sandbox until that ends.
 *
 * @param terminal in raw mode, when the process has a terminal too
 */
record Session(Context context, JobSandbox sandbox, JobProcess process, Optional<Terminal> terminal) {
    /** A window is resized by hand: nobody sees a quarter of a second. The JDK offers no SIGWINCH. */
    private static final Duration RESIZE_INTERVAL = Duration.ofMillis(250);

    /** @return the exit code for the shell that started us */
    int follow() throws InterruptedException {
        // A platform thread: a virtual one that waits in read(2) cannot be interrupted.
        Thread input = Thread.ofPlatform().daemon().name("input").start(this::feed);
        var stdout = new WatchedOutput(context.stdout());
        Thread out = Thread.ofVirtual().name("stdout").start(() -> copy(process.stdout(), stdout));
        Thread err = Thread.ofVirtual().name("stderr").start(() -> copy(process.stderr(), context.stderr()));
        Exit exit;
        try {
            exit = awaitResizing();
        } catch (Failure e) {
            if (e.code() != ErrorCode.SANDBOX_GONE) {
                throw e;
            }
            return ended();
        }
        out.join();
        err.join();
        input.interrupt();
        stdout.check();
        if (exit.timedOut()) {
            return ExitCode.TIMED_OUT;
        }
        return exit.code().orElse(ExitCode.SIGNAL_BASE + exit.signal().orElse(0));
    }

    private int ended() {
        var end = sandbox.awaitEnd(Duration.ofSeconds(5));
        context.stderr().print("\r\n");
        context.say("the sandbox ended"
                + end.map(known -> ": " + Report.words(known)).orElse(""));
        return ExitCode.SANDBOX_ERROR;
    }

    private Exit awaitResizing() {
        Optional<TerminalSize> size = terminal.map(Terminal::size);
        while (true) {
            Optional<Exit> exit = process.await(RESIZE_INTERVAL);
            if (exit.isPresent()) {
                return exit.get();
            }
            Optional<TerminalSize> now = terminal.map(Terminal::size);
            if (!now.equals(size)) {
                now.ifPresent(process::resize);
                size = now;
            }
        }
    }

    private void feed() {
        try (OutputStream to = process.stdin()) {
            byte[] buffer = new byte[64 << 10];
            InputStream from = context.stdin();
            for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
                to.write(buffer, 0, n);
                to.flush();
            }
        } catch (IOException | Failure e) {
            // The process has ended or does not want the rest.
        }
    }

    /** What nobody takes the output of is killed; until it is dead that is read, as others wait behind it. */
    private void copy(InputStream from, OutputStream to) {
        boolean taken = true;
        try {
            byte[] buffer = new byte[64 << 10];
            for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
                if (taken && !passOn(to, buffer, n)) {
                    taken = false;
                    process.kill();
                }
            }
        } catch (IOException | Failure e) {
            // The sandbox ended; how, is found out by whoever waits for it.
        }
    }

    private static boolean passOn(OutputStream to, byte[] buffer, int n) {
        try {
            to.write(buffer, 0, n);
            to.flush();
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}

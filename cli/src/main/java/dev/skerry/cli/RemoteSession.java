package dev.skerry.cli;

import dev.skerry.cli.client.ProcessStart.Window;
import dev.skerry.cli.client.RemoteProcess;
import dev.skerry.cli.client.RemoteProcess.End;
import dev.skerry.host.jobs.JobSandbox.TerminalSize;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;

/**
 * Connects this process's standard streams to a process in a sandbox of the server until that ends. When this program
 * is asked to end (Ctrl-C, SIGTERM, SIGHUP) it ends the process; when it is killed, the process goes on.
 *
 * @param input whether to pass standard input on
 * @param terminal in raw mode, when the process has a terminal too
 */
record RemoteSession(Context context, RemoteProcess process, boolean input, Optional<Terminal> terminal) {
    /** A window is resized by hand: nobody sees a quarter of a second. The JDK offers no SIGWINCH. */
    private static final Duration RESIZE_INTERVAL = Duration.ofMillis(250);

    private static final Duration END_GRACE = Duration.ofSeconds(2);
    private static final int CHUNK_BYTES = 32 << 10;

    static Window window(Terminal terminal) {
        TerminalSize size = terminal.size();
        return new Window(size.rows(), size.columns());
    }

    /** @return the exit code for the shell that started us */
    int follow() throws InterruptedException {
        Thread hook = Thread.ofPlatform().name("end-process").unstarted(this::end);
        Runtime.getRuntime().addShutdownHook(hook);
        // A platform thread: a virtual one that waits in read(2) cannot be interrupted.
        Thread feeder = Thread.ofPlatform().daemon().name("input").unstarted(this::feed);
        Thread sizes = Thread.ofVirtual().name("window").unstarted(this::resize);
        if (input) {
            feeder.start();
        }
        if (terminal.isPresent()) {
            sizes.start();
        }
        try {
            return code(
                    process.follow(bytes -> write(context.stdout(), bytes), bytes -> write(context.stderr(), bytes)));
        } catch (IOException e) {
            // Nobody reads what it says, as after '| head': it is told as any program would be.
            process.end(END_GRACE);
            return new LostOutput(e).tell(context.stderr());
        } catch (Failure e) {
            throw e.code() == ErrorCode.SANDBOX_GONE ? broken(e) : e;
        } finally {
            feeder.interrupt();
            sizes.interrupt();
            forget(hook);
        }
    }

    private int code(End end) {
        if (end.signal().isEmpty()) {
            return end.exitCode();
        }
        if (terminal.isEmpty()) {
            context.say("the command was ended by " + end.words());
        }
        return ExitCode.SIGNAL_BASE + end.signal().getAsInt();
    }

    private Failure broken(Failure failure) {
        return new Failure(
                ErrorCode.SANDBOX_GONE,
                failure.getMessage() + ": the sandbox has ended, or the server has",
                "./skerry ps; if the sandbox is still there, the command goes on in it as process " + process.pid(),
                failure);
    }

    private static void write(OutputStream to, byte[] bytes) throws IOException {
        to.write(bytes);
        to.flush();
        if (to instanceof java.io.PrintStream words && words.checkError()) {
            throw new IOException(LostOutput.NOBODY_READS);
        }
    }

    private void feed() {
        try {
            byte[] buffer = new byte[CHUNK_BYTES];
            InputStream from = context.stdin();
            for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
                process.send(buffer, n);
            }
            process.closeInput();
        } catch (IOException | Failure e) {
            // The process has ended or does not want the rest.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void resize() {
        Optional<Window> size = terminal.map(RemoteSession::window);
        try {
            while (true) {
                Thread.sleep(RESIZE_INTERVAL);
                Optional<Window> now = terminal.map(RemoteSession::window);
                if (now.isPresent() && !now.equals(size)) {
                    process.resize(now.get());
                    size = now;
                }
            }
        } catch (InterruptedException | Failure e) {
            // It has ended.
        }
    }

    private void end() {
        try {
            process.end(END_GRACE);
        } catch (Failure e) {
            context.say("the command may still run in the sandbox: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // This program is ending, and the hook runs.
        }
    }
}

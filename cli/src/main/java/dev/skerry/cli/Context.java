package dev.skerry.cli;

import dev.skerry.server.settings.ServerSettings;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Launcher;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/**
 * What commands share with the process that they run in.
 *
 * @param root whether it may do what only root may
 * @param stdout raw and unbuffered: it carries a sandboxed program's bytes
 * @param stderr likewise; our own words go there too, in UTF-8
 */
record Context(
        HostOpener hosts,
        ServerOpener servers,
        StopWatch stops,
        boolean root,
        InputStream stdin,
        OutputStream stdout,
        PrintStream stderr,
        Map<String, String> environment) {
    /** Opens the engine on a data folder. */
    interface HostOpener {
        Host open(Path dataFolder, Launcher launcher);
    }

    /** Starts a server. */
    interface ServerOpener {
        /** @throws Failure when it cannot start; nothing of it remains then */
        RunningServer open(ServerSettings settings) throws InterruptedException;

        /**
         * Looks whether this machine can do what they demand, and changes nothing; for root.
         *
         * @throws Failure {@code INVALID_REQUEST} when it cannot
         */
        default void check(ServerSettings settings) {}
    }

    /** Notices when this process is asked to end. */
    interface StopWatch {
        /** @param stop runs once, on a thread of its own */
        void onFirst(Runnable stop);
    }

    Context {
        environment = Map.copyOf(environment);
    }

    boolean debug() {
        return "1".equals(environment.get("SKERRY_DEBUG"));
    }

    /** A line for people, on standard error. */
    void say(String line) {
        stderr.println("skerry: " + line);
    }

    /**
     * A result for other programs or for reading, on standard output.
     *
     * @throws LostOutput when it cannot be written there
     */
    void print(String text) {
        write((text + System.lineSeparator()).getBytes(StandardCharsets.UTF_8));
    }

    /** As {@link #print}, of what is that already. */
    void write(byte[] bytes) {
        try {
            stdout.write(bytes);
            stdout.flush();
        } catch (IOException e) {
            throw new LostOutput(e);
        }
    }
}

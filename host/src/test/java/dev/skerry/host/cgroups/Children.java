package dev.skerry.host.cgroups;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Small processes that tests put into control groups; each waits for a line on its standard input before it does
 * anything.
 */
final class Children implements AutoCloseable {
    static final Duration BOUND = Duration.ofSeconds(20);

    private final List<Process> started = new ArrayList<>();

    /** A shell that is placed into the box of a group and then runs the script. */
    Process run(SandboxCgroup cgroup, String script) {
        var process = start(script);
        Cgroups.place(process.pid(), cgroup.boxDirs());
        release(process);
        return process;
    }

    Process start(String script) {
        try {
            var process = new ProcessBuilder("/bin/sh", "-c", "read start; " + script)
                    .redirectErrorStream(true)
                    .start();
            started.add(process);
            return process;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void release(Process process) {
        try {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static int exit(Process process) {
        try {
            assertThat(process.waitFor(BOUND.toMillis(), TimeUnit.MILLISECONDS))
                    .as("process %d ended in time", process.pid())
                    .isTrue();
            return process.exitValue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static String output(Process process) {
        try {
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void await(String what, BooleanSupplier condition) {
        assertThat(ControlFiles.until(BOUND, condition)).as(what).isTrue();
    }

    @Override
    public void close() {
        started.forEach(process -> {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        });
        started.forEach(Children::exit);
    }
}

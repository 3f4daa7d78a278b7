package dev.skerry.bench;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.Sandbox;
import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.stream.ExecRequest;
import dev.skerry.wire.stream.GuestFiles;
import dev.skerry.wire.stream.GuestProcess;
import dev.skerry.wire.stream.ProcessExit;
import dev.skerry.wire.stream.Upload;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What {@code skerry bench} measures, each against its own lower bounds in the same run. */
final class Scenarios {
    private static final Duration BOUND = Duration.ofMinutes(1);
    private static final List<String> TRUE = List.of("/bin/true");
    private static final List<String> PYTHON = List.of("/usr/bin/python3", "-c", "print('hello')");
    private static final long BULK_BYTES = 256L << 20;
    private static final int CHUNK = 64 << 10;

    private final Engine engine;
    private final BenchSettings settings;
    private final Path scratch;

    Scenarios(Engine engine, BenchSettings settings, Path scratch) {
        this.engine = engine;
        this.settings = settings;
        this.scratch = scratch;
    }

    private String label(Isolation level) {
        return "skerry " + level.label() + " (" + engine.drivers().at(level).runtime() + ")";
    }

    private List<Isolation> levels() {
        return engine.drivers().available().stream()
                .map(driver -> driver.level())
                .toList();
    }

    private static SandboxSpec spec(Isolation level) {
        return SandboxSpec.base(level, Limits.DEFAULT.withCpuMillis(2000));
    }

    static String run(Sandbox sandbox, List<String> command) throws InterruptedException, IOException {
        GuestProcess process = sandbox.guest().exec(ExecRequest.of(command));
        String output = new String(process.stdout().readAllBytes(), StandardCharsets.UTF_8);
        ProcessExit exit = process.await(BOUND).orElseThrow();
        if (!exit.success()) {
            throw new IllegalStateException(command + " ended with " + exit);
        }
        return output;
    }

    private void createAndRun(Isolation level, List<String> command, String expected) throws Exception {
        Sandbox sandbox = engine.create(spec(level));
        try {
            if (!run(sandbox, command).equals(expected)) {
                throw new IllegalStateException("wrong output of " + command);
            }
        } finally {
            pendingEnds.add(sandbox);
        }
    }

    /** Sandboxes whose end is not part of the measurement; ended before the next value is taken. */
    private final List<Sandbox> pendingEnds = new ArrayList<>();

    private final List<BareCrun> bundles = new ArrayList<>();

    private Side cold(Isolation level, List<String> command, String expected) {
        return new Side(label(level), () -> {
            pendingEnds.forEach(Sandbox::destroy);
            pendingEnds.clear();
            long start = System.nanoTime();
            createAndRun(level, command, expected);
            return (System.nanoTime() - start) / 1e6;
        });
    }

    private List<Side> bounds(List<String> command, String expected) throws IOException {
        Path root = engine.templates().find("base").lowerLayers().getFirst();
        List<Side> sides = new ArrayList<>();
        sides.add(Side.timed("bare process", () -> Commands.expect(command, expected)));
        List<String> bwrap = new ArrayList<>(List.of(
                "bwrap", "--unshare-all", "--ro-bind", root.toString(), "/", "--proc", "/proc", "--dev", "/dev"));
        bwrap.addAll(command);
        sides.add(Side.timed("bwrap", () -> Commands.expect(bwrap, expected)));
        Optional<Path> crun = settings.crun();
        if (crun.isPresent()) {
            BareCrun bare = new BareCrun(crun.get(), scratch.resolve("bundle" + bundles.size()), root, command);
            bundles.add(bare);
            sides.add(Side.timed("bare crun run", () -> Commands.expect(bare.command(), expected)));
        }
        return sides;
    }

    Contest coldTrue() throws IOException {
        List<Side> sides = bounds(TRUE, "");
        levels().forEach(level -> sides.add(cold(level, TRUE, "")));
        return new Contest("cold create to end of `true`", "ms", settings.warmups(), settings.rounds(), sides);
    }

    Contest coldPython() throws IOException {
        List<Side> sides = bounds(PYTHON, "hello\n");
        levels().forEach(level -> sides.add(cold(level, PYTHON, "hello\n")));
        return new Contest(
                "cold create to output of a Python hello", "ms", settings.warmups(), settings.rounds(), sides);
    }

    Contest exec() {
        List<Side> sides = new ArrayList<>();
        sides.add(Side.timed("bare process", () -> Commands.expect(TRUE, "")));
        for (Isolation level : levels()) {
            Sandbox sandbox = engine.create(spec(level));
            pendingEnds.add(sandbox);
            sides.add(Side.timed(label(level), () -> run(sandbox, TRUE)));
        }
        return new Contest(
                "exec of `true` in a running sandbox", "ms", 10 * settings.warmups(), 5 * settings.rounds(), sides);
    }

    Contest kill() {
        List<Side> sides = new ArrayList<>();
        for (Isolation level : levels()) {
            sides.add(new Side(label(level), () -> {
                Sandbox sandbox = engine.create(spec(level));
                run(sandbox, TRUE);
                long start = System.nanoTime();
                sandbox.destroy();
                return (System.nanoTime() - start) / 1e6;
            }));
        }
        return new Contest("kill to nothing left on the host", "ms", settings.warmups(), settings.rounds(), sides);
    }

    /** MB/s; the bound is cat of the host into a pipe read by this process. */
    Contest read() throws Exception {
        Path file = scratch.resolve("bulk");
        try (OutputStream out = java.nio.file.Files.newOutputStream(file)) {
            fill(out);
        }
        List<Side> sides = new ArrayList<>();
        sides.add(new Side("cat into a pipe", () -> {
            Process cat = new ProcessBuilder("cat", file.toString()).start();
            double rate = drain(cat.getInputStream());
            cat.waitFor();
            return rate;
        }));
        for (Isolation level : levels()) {
            Sandbox sandbox = bulkSandbox(level);
            try (Upload upload = sandbox.guest().files().write("/var/tmp/bulk", GuestFiles.Mode.REPLACE, 0644)) {
                fill(upload.output());
                upload.finish();
            }
            sides.add(new Side(
                    label(level) + " file", () -> drain(sandbox.guest().files().read("/var/tmp/bulk"))));
            sides.add(new Side(label(level) + " stdout of cat", () -> {
                GuestProcess cat = sandbox.guest().exec(ExecRequest.of("/bin/cat", "/var/tmp/bulk"));
                double rate = drain(cat.stdout());
                if (!cat.await(BOUND).orElseThrow().success()) {
                    throw new IllegalStateException("cat failed");
                }
                return rate;
            }));
        }
        return new Contest("bytes out of a sandbox", "MB/s", 2, Math.max(5, settings.rounds() / 5), sides);
    }

    Contest write() {
        List<Side> sides = new ArrayList<>();
        sides.add(new Side("pipe into cat", () -> {
            Process cat = new ProcessBuilder("cat")
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            long start = System.nanoTime();
            try (OutputStream out = cat.getOutputStream()) {
                fill(out);
            }
            cat.waitFor();
            return rate(start);
        }));
        for (Isolation level : levels()) {
            Sandbox sandbox = bulkSandbox(level);
            sides.add(new Side(label(level) + " file", () -> {
                long start = System.nanoTime();
                try (Upload upload = sandbox.guest().files().write("/var/tmp/in", GuestFiles.Mode.REPLACE, 0644)) {
                    fill(upload.output());
                    upload.finish();
                }
                return rate(start);
            }));
        }
        return new Contest("bytes into a sandbox", "MB/s", 2, Math.max(5, settings.rounds() / 5), sides);
    }

    private Sandbox bulkSandbox(Isolation level) {
        Limits limits =
                Limits.DEFAULT.withCpuMillis(2000).withMemoryBytes(2L << 30).withDisk(1L << 30, 10_000);
        Sandbox sandbox = engine.create(SandboxSpec.base(level, limits.withoutWallTime()));
        pendingEnds.add(sandbox);
        return sandbox;
    }

    private static void fill(OutputStream out) throws IOException {
        byte[] chunk = new byte[CHUNK];
        for (long sent = 0; sent < BULK_BYTES; sent += CHUNK) {
            out.write(chunk);
        }
    }

    private static double drain(InputStream in) throws IOException {
        byte[] chunk = new byte[4 * CHUNK];
        long start = System.nanoTime();
        long total = 0;
        try (in) {
            for (int got = in.read(chunk); got >= 0; got = in.read(chunk)) {
                total += got;
            }
        }
        if (total != BULK_BYTES) {
            throw new IllegalStateException("got " + total + " bytes of " + BULK_BYTES);
        }
        return rate(start);
    }

    private static double rate(long start) {
        return BULK_BYTES / 1e6 / ((System.nanoTime() - start) / 1e9);
    }

    void end() {
        bundles.forEach(BareCrun::close);
        bundles.clear();
        pendingEnds.forEach(Sandbox::destroy);
        pendingEnds.clear();
    }
}

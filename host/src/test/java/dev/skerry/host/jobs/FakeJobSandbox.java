package dev.skerry.host.jobs;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.Usage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/** A sandbox in which every program prints its input and ends as it was told to; it writes down what it was asked. */
final class FakeJobSandbox implements JobSandbox {
    static final Exit GOOD = new Exit(OptionalInt.of(0), OptionalInt.empty(), false, false);

    final List<String> log = new ArrayList<>();
    final List<Start> started = new ArrayList<>();
    final Map<String, byte[]> files = new TreeMap<>();
    Exit exit = GOOD;
    Duration cpuOfAStage = Duration.ofMillis(5);
    long killsOfAStage;
    Optional<Failure> limitRefused = Optional.empty();
    Optional<Failure> startRefused = Optional.empty();
    String digest = "sha256:0";
    private Usage usage = Usage.NONE;

    @Override
    public JobResult.Place place() {
        return new JobResult.Place("one", Isolation.CONTAINER, "fake", "base", digest);
    }

    @Override
    public boolean has(String absolutePath) {
        return true;
    }

    @Override
    public Map<String, String> environment() {
        return Map.of("PATH", "/usr/bin", "HOME", "/box");
    }

    @Override
    public void makeFolder(String path, String user) {
        log.add("folder " + path);
    }

    @Override
    public void write(String path, byte[] content, String user) {
        files.put(path, content);
    }

    @Override
    public void unpack(InputStream archive, String folder, String user) {
        throw unused();
    }

    @Override
    public Kind kind(String path, String user) {
        throw unused();
    }

    @Override
    public InputStream read(String path, String user) {
        throw unused();
    }

    @Override
    public InputStream pack(String path, String user) {
        throw unused();
    }

    private static Failure unused() {
        return new Failure(ErrorCode.INTERNAL, "jobs do not do that");
    }

    @Override
    public JobProcess start(Start start) {
        if (startRefused.isPresent()) {
            throw startRefused.get();
        }
        started.add(start);
        log.add("start " + start.tag());
        usage = new Usage(
                1 << 20, 2 << 20, 0, usage.cpuTime().plus(cpuOfAStage), 1, usage.outOfMemoryKills() + killsOfAStage, 0);
        return new Echo(exit);
    }

    @Override
    public Optional<JobProcess> find(String tag) {
        return Optional.empty();
    }

    @Override
    public Usage usage() {
        return usage;
    }

    @Override
    public void limit(Limits limits) {
        if (limitRefused.isPresent()) {
            throw limitRefused.get();
        }
        log.add("limit " + (limits.memoryBytes() >> 20) + " MiB, " + limits.processes() + " processes");
    }

    @Override
    public void clear() {
        log.add("clear");
    }

    @Override
    public Optional<SandboxEnd> awaitEnd(Duration limit) {
        return Optional.empty();
    }

    @Override
    public void close() {
        log.add("close");
    }

    /** Prints what it was given. */
    static final class Echo implements JobProcess {
        private final ByteArrayOutputStream input = new ByteArrayOutputStream();
        private final Exit exit;

        Echo(Exit exit) {
            this.exit = exit;
        }

        @Override
        public OutputStream stdin() {
            return input;
        }

        @Override
        public InputStream stdout() {
            return new ByteArrayInputStream("output".getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public InputStream stderr() {
            return InputStream.nullInputStream();
        }

        @Override
        public void resize(TerminalSize size) {}

        @Override
        public void kill() {}

        @Override
        public Optional<Exit> await(Duration limit) {
            return Optional.of(exit);
        }
    }
}

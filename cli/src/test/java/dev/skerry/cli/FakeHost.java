package dev.skerry.cli;

import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.host.jobs.JobResult;
import dev.skerry.host.jobs.JobSandbox;
import dev.skerry.host.jobs.Language;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.Usage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** A host whose sandboxes run nothing: every program prints what it was told to and ends as it was told to. */
final class FakeHost implements Host {
    final List<SandboxSpec> created = new ArrayList<>();
    final List<JobSandbox.Start> started = new ArrayList<>();
    final Map<String, String> files = new LinkedHashMap<>();
    final List<String> killed = new ArrayList<>();
    Set<String> programs = Set.of("/usr/bin/python3", "/usr/bin/bash");
    byte[] stdout = new byte[0];
    byte[] stderr = new byte[0];
    JobSandbox.Exit exit = new JobSandbox.Exit(OptionalInt.of(0), OptionalInt.empty(), false, false);
    /** Why the sandbox ended under its program. */
    Optional<SandboxEnd> end = Optional.empty();

    ImageMaker images = (packages, work, cache, archive) -> {
        throw new Failure(ErrorCode.UNSUPPORTED, "no images in this test");
    };

    Map<Language, String> languages = Map.of();
    Duration cpuOfAProgram = Duration.ofMillis(5);
    int closed;

    @Override
    public JobSandbox create(SandboxSpec spec) {
        if (spec.floor() == Isolation.MICROVM) {
            throw new Failure(ErrorCode.UNSUPPORTED, "no driver for 'microvm'", "'skerry doctor' says what is missing");
        }
        created.add(spec);
        return new Fake(spec);
    }

    @Override
    public JobSandbox attach(String nameOrId) {
        throw new Failure(ErrorCode.NOT_FOUND, "no sandbox '" + nameOrId + "' on this host", "'skerry ps' lists them");
    }

    @Override
    public void kill(String nameOrId) {
        if (nameOrId.equals("gone")) {
            throw new Failure(ErrorCode.NOT_FOUND, "no sandbox 'gone' on this host");
        }
        killed.add(nameOrId);
    }

    @Override
    public List<Row> list() {
        return List.of(new Row(
                "0".repeat(25),
                Optional.of("web"),
                Isolation.CONTAINER,
                "crun 1.8.1",
                true,
                Instant.EPOCH,
                Optional.of(42L)));
    }

    @Override
    public Template importTemplate(Path source, String name) {
        return new Template(name, "sha256:1", source.toString());
    }

    @Override
    public ImageMaker images() {
        return images;
    }

    @Override
    public Map<Language, String> languages(Path archive) {
        return languages;
    }

    @Override
    public List<Template> templates() {
        return List.of(new Template("base", "sha256:0", "here"));
    }

    @Override
    public void removeTemplate(String name) {
        killed.add("template " + name);
    }

    @Override
    public List<DriverReport> drivers() {
        return List.of(new DriverReport(
                Isolation.CONTAINER,
                "crun 1.8.1",
                List.of(new Finding("crun", true, "crun 1.8.1 at /usr/bin/crun", ""))));
    }

    @Override
    public List<String> leftovers() {
        return List.of("a.1");
    }

    @Override
    public List<String> clean() {
        return List.of("a.1");
    }

    @Override
    public void close() {
        closed++;
    }

    private final class Fake implements JobSandbox {
        private final SandboxSpec spec;

        Fake(SandboxSpec spec) {
            this.spec = spec;
        }

        @Override
        public JobResult.Place place() {
            return new JobResult.Place("0".repeat(25), Isolation.CONTAINER, "crun 1.8.1", spec.template(), "sha256:0");
        }

        @Override
        public boolean has(String absolutePath) {
            return programs.contains(absolutePath);
        }

        @Override
        public Map<String, String> environment() {
            return Map.of("PATH", "/usr/bin");
        }

        @Override
        public void makeFolder(String path, String user) {
            files.put(path + "/", user);
        }

        @Override
        public void write(String path, byte[] content, String user) {
            files.put(path, new String(content, StandardCharsets.UTF_8));
        }

        @Override
        public void unpack(InputStream archive, String folder, String user) {
            try {
                files.put(folder + "/*", archive.readAllBytes().length + " bytes");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public Kind kind(String path, String user) {
            return path.equals("/tmp") ? Kind.FOLDER : files.containsKey(path) ? Kind.FILE : Kind.MISSING;
        }

        @Override
        public InputStream read(String path, String user) {
            return new ByteArrayInputStream(files.getOrDefault(path, "").getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public InputStream pack(String path, String user) {
            return InputStream.nullInputStream();
        }

        @Override
        public JobProcess start(Start start) {
            started.add(start);
            return new Printed();
        }

        @Override
        public Optional<JobProcess> find(String tag) {
            return Optional.empty();
        }

        @Override
        public Usage usage() {
            return new Usage(1 << 20, 2 << 20, 0, cpuOfAProgram.multipliedBy(started.size()), 1, 0, 0);
        }

        @Override
        public Optional<SandboxEnd> awaitEnd(Duration limit) {
            return end;
        }

        @Override
        public void close() {
            closed++;
        }
    }

    private final class Printed implements JobSandbox.JobProcess {
        @Override
        public OutputStream stdin() {
            return new ByteArrayOutputStream();
        }

        @Override
        public InputStream stdout() {
            return new ByteArrayInputStream(stdout);
        }

        @Override
        public InputStream stderr() {
            return new ByteArrayInputStream(stderr);
        }

        @Override
        public void resize(JobSandbox.TerminalSize size) {}

        @Override
        public void kill() {
            exit = new JobSandbox.Exit(OptionalInt.empty(), OptionalInt.of(9), false, false);
        }

        @Override
        public Optional<JobSandbox.Exit> await(Duration limit) {
            if (end.isPresent()) {
                throw new Failure(ErrorCode.SANDBOX_GONE, "the sandbox has ended");
            }
            return Optional.of(exit);
        }
    }
}

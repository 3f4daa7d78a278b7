package dev.skerry.host.jobs;

import dev.skerry.host.engine.Sandbox;
import dev.skerry.host.engine.Stretch;
import dev.skerry.host.templates.Template;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.Usage;
import dev.skerry.wire.jobs.JobFile;
import dev.skerry.wire.stream.ExecRequest;
import dev.skerry.wire.stream.ExecRequest.ResourceLimit;
import dev.skerry.wire.stream.FileInfo;
import dev.skerry.wire.stream.GuestFiles;
import dev.skerry.wire.stream.GuestProcesses;
import dev.skerry.wire.stream.Upload;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The engine's sandbox as a job uses it. Waiting in it can be interrupted; the caller then gets {@code SANDBOX_GONE}.
 */
public final class EngineSandbox implements JobSandbox {
    private static final long ARCHIVE_BYTES_MAX = 64L << 30;
    private static final long ARCHIVE_ENTRIES_MAX = 1_000_000;
    private static final int FOLDER_MODE = 0755;
    private static final int FILE_MODE = 0644;

    private final Sandbox sandbox;
    private final Template template;
    private final boolean hasFolder;

    /** @param template the one that the sandbox was made from */
    public EngineSandbox(Sandbox sandbox, Template template) {
        this(sandbox, template, false);
    }

    /** @param hasFolder whether {@link JobRunner#FOLDER} is there already, and the user's */
    EngineSandbox(Sandbox sandbox, Template template, boolean hasFolder) {
        this.sandbox = sandbox;
        this.template = template;
        this.hasFolder = hasFolder;
    }

    /** The sandbox itself, for who prepares it. */
    public Sandbox sandbox() {
        return sandbox;
    }

    @Override
    public JobResult.Place place() {
        return new JobResult.Place(
                sandbox.id().text(),
                sandbox.isolation(),
                sandbox.record().runtime(),
                template.name().isEmpty() ? template.digest() : template.name(),
                template.digest());
    }

    @Override
    public boolean has(String absolutePath) {
        return template.resolve(absolutePath).isPresent();
    }

    @Override
    public Map<String, String> environment() {
        Map<String, String> variables = new HashMap<>(Map.of("HOME", JobRunner.FOLDER, "LANG", "C.UTF-8"));
        for (String entry : template.defaults().environment()) {
            int equals = entry.indexOf('=');
            if (equals > 0) {
                variables.put(entry.substring(0, equals), entry.substring(equals + 1));
            }
        }
        return variables;
    }

    /** Made by root, because the job's folder is in the root folder; then given to the user. */
    @Override
    public void makeFolder(String path, String user) {
        interruptibly(() -> {
            GuestFiles root = sandbox.guest().files();
            root.makeFolder(path, FOLDER_MODE);
            if (!user.equals("root")) {
                // No user database is at hand on this side: whoever the guest takes the user for makes a file, and we
                // look.
                give(root, path, user);
            }
            return true;
        });
    }

    private void give(GuestFiles root, String path, String user) throws InterruptedException {
        root.permissions(path, 01777);
        String probe = path + "/.owner";
        try {
            root.as(user).write(probe, new byte[0], 0600);
        } catch (Failure e) {
            throw e.code() == ErrorCode.NOT_FOUND ? noSuchUser(user, e) : e;
        }
        FileInfo mine = root.linkStat(probe);
        root.remove(probe, false);
        root.owner(path, mine.uid(), mine.gid());
        root.permissions(path, FOLDER_MODE);
    }

    private static Failure noSuchUser(String user, Failure cause) {
        return new Failure(
                ErrorCode.INVALID_REQUEST,
                "the template has no user '" + user + "'",
                "every template has 'user' and 'root'; numbers do too, as UID or UID:GID",
                cause);
    }

    @Override
    public void write(String path, byte[] content, String user) {
        interruptibly(() -> {
            sandbox.guest().files().as(user).write(path, content, FILE_MODE);
            return true;
        });
    }

    @Override
    public Placing place(List<JobFile> files, List<String> folders, String user) {
        if (!hasFolder) {
            makeFolder(JobRunner.FOLDER, user);
        }
        byte[] archive = archive(files, folders);
        return interruptibly(() -> {
            Upload upload = sandbox.guest()
                    .files()
                    .as(user)
                    .extractAhead(JobRunner.FOLDER, ARCHIVE_BYTES_MAX, files.size() + 1);
            upload.output().write(archive);
            upload.end();
            return () -> interruptibly(upload::finish);
        });
    }

    private static byte[] archive(List<JobFile> files, List<String> folders) {
        var bytes = new ByteArrayOutputStream();
        try (TarWriter archive = new TarWriter(bytes)) {
            for (String folder : folders) {
                archive.addFolder(folder, FOLDER_MODE);
            }
            for (JobFile file : files) {
                archive.add(file.name(), file.content(), FILE_MODE);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    @Override
    public void unpack(InputStream archive, String folder, String user) {
        interruptibly(() -> {
            if (!sandbox.guest().files().exists(folder)) {
                makeFolder(folder, user);
            }
            try (Upload upload =
                    sandbox.guest().files().as(user).extract(folder, ARCHIVE_BYTES_MAX, ARCHIVE_ENTRIES_MAX)) {
                archive.transferTo(upload.output());
                upload.finish();
            }
            return true;
        });
    }

    @Override
    public Kind kind(String path, String user) {
        return interruptibly(() -> {
            try {
                return switch (sandbox.guest().files().as(user).linkStat(path).type()) {
                    case FILE -> Kind.FILE;
                    case DIRECTORY -> Kind.FOLDER;
                    case SYMLINK, OTHER -> Kind.OTHER;
                };
            } catch (Failure e) {
                if (e.code() == ErrorCode.NOT_FOUND) {
                    return Kind.MISSING;
                }
                throw e;
            }
        });
    }

    @Override
    public InputStream read(String path, String user) {
        return interruptibly(() -> sandbox.guest().files().as(user).read(path));
    }

    @Override
    public InputStream pack(String path, String user) {
        return interruptibly(() -> sandbox.guest().files().as(user).archive(path, ARCHIVE_BYTES_MAX));
    }

    @Override
    public JobProcess start(Start start) {
        ExecRequest request = new ExecRequest(
                start.words(),
                start.environment(),
                Optional.of(start.folder()),
                Optional.of(start.user()),
                true,
                start.terminal().map(size -> new ExecRequest.TerminalSize(size.rows(), size.columns())),
                resourceLimits(start.limits()),
                start.limits().wall(),
                sandbox.record().privilege() == Privilege.NONE,
                true,
                start.tag(),
                true);
        return interruptibly(() -> new EngineProcess(sandbox.guest().exec(request)));
    }

    private static List<ResourceLimit> resourceLimits(Job.StageLimits limits) {
        List<ResourceLimit> all = new ArrayList<>();
        limits.cpu().map(EngineSandbox::cpuLimit).ifPresent(all::add);
        limits.processes().ifPresent(count -> all.add(exactly(ResourceLimit.Resource.PROCESSES, count)));
        limits.openFiles().ifPresent(count -> all.add(exactly(ResourceLimit.Resource.OPEN_FILES, count)));
        limits.fileBytes().ifPresent(bytes -> all.add(exactly(ResourceLimit.Resource.FILE_BYTES, bytes)));
        return all;
    }

    private static ResourceLimit exactly(ResourceLimit.Resource resource, long value) {
        return new ResourceLimit(resource, value, value);
    }

    /**
     * Whole seconds, rounded up; the sandbox's own limit is the exact one. SIGXCPU at the soft limit, SIGKILL at the
     * hard one.
     */
    private static ResourceLimit cpuLimit(Duration time) {
        long seconds = time.plusMillis(999).toSeconds();
        return new ResourceLimit(ResourceLimit.Resource.CPU_SECONDS, seconds, seconds + 1);
    }

    @Override
    public Optional<JobProcess> find(String tag) {
        return interruptibly(() -> {
            List<GuestProcesses.Listed> found = sandbox.guest().processes().list().stream()
                    .filter(info -> info.tag().equals(tag))
                    .toList();
            if (found.isEmpty()) {
                return Optional.empty();
            }
            long newest = found.stream()
                    .mapToLong(GuestProcesses.Listed::process)
                    .max()
                    .orElseThrow();
            return Optional.of(new EngineProcess(sandbox.guest().processes().attach(newest)));
        });
    }

    @Override
    public Usage usage() {
        return sandbox.usage();
    }

    @Override
    public Meter measure() {
        return new Measured(sandbox.measure());
    }

    private record Measured(Stretch stretch) implements Meter {
        @Override
        public Duration cpuTime() {
            return stretch.cpuTime();
        }

        @Override
        public long memoryPeakBytes() {
            return stretch.memoryPeakBytes();
        }

        @Override
        public long outOfMemoryKills() {
            return stretch.outOfMemoryKills();
        }

        @Override
        public void close() {
            stretch.close();
        }
    }

    @Override
    public void limit(Limits limits) {
        sandbox.update(limits);
    }

    @Override
    public void clear() {
        sandbox.clear();
    }

    @Override
    public Optional<SandboxEnd> awaitEnd(Duration limit) {
        return interruptibly(() -> sandbox.awaitEnd(limit));
    }

    @Override
    public void close() {
        sandbox.destroy();
    }

    interface Waiting<T> {
        T call() throws InterruptedException, IOException;
    }

    static <T> T interruptibly(Waiting<T> action) {
        try {
            return action.call();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(ErrorCode.SANDBOX_GONE, "interrupted while waiting for the sandbox", e);
        } catch (IOException e) {
            throw new Failure(ErrorCode.SANDBOX_GONE, "the sandbox's stream broke: " + e.getMessage(), e);
        }
    }
}

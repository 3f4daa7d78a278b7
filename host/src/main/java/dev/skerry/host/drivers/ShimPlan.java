package dev.skerry.host.drivers;

import dev.skerry.wire.hosts.AtDeadline;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a shim does to start one sandbox, as fields of docs/protocol.md, section 8: cgroups to enter, mounts in order,
 * the runtime's command, limits. Not thread-safe.
 */
public final class ShimPlan {
    private static final int MS_NOSUID = 2;
    private static final int MS_NODEV = 4;

    /** Flags of mount(2). */
    public static final long NOSUID_NODEV = MS_NOSUID | MS_NODEV;

    public static final long NODEV = MS_NODEV;

    private final ByteArrayOutputStream fields = new ByteArrayOutputStream();

    private enum Tag {
        RUN_DIR,
        SHIM_PROCS,
        BOX_PROCS,
        UID_BASE,
        UID_COUNT,
        STEP,
        ARG,
        ENV,
        DETACHED,
        PID_FILE,
        DEADLINE_MS,
        CPU_LIMIT_US,
        CPU_FILE,
        KILL_FILE,
        FREEZE_FILE,
        USERNS,
        START_MS,
        KILL_PROCS,
        RLIMIT,
        DEADLINE_FREEZE,
        ROOT,
        HOSTNAME,
        CAPABILITIES,
        NO_NEW_PRIVS,
        FILTER,
        INSIDE;

        int number() {
            return ordinal() + 1;
        }
    }

    private enum StepTag {
        KIND,
        SOURCE,
        TARGET,
        TYPE,
        OPTIONS,
        FLAGS,
        MODE,
        UID;

        int number() {
            return ordinal() + 1;
        }
    }

    private enum StepKind {
        MOUNT,
        MKDIR,
        IDMAP,
        BIND,
        UNMOUNT,
        TOUCH,
        IDMAP_OR_BIND,
        READ_ONLY,
        DISK;

        int number() {
            return ordinal() + 1;
        }
    }

    /**
     * Limits of setrlimit(2) for everything inside; the runtime itself gets them, which needs no privilege that a
     * container host may lack.
     */
    public ShimPlan limit(ProcessLimit limit) {
        byte[] value = ByteBuffer.allocate(2 * Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(limit.resource().number())
                .putLong(limit.value())
                .array();
        put(fields, Tag.RLIMIT.number(), value);
        return this;
    }

    public ShimPlan runDir(Path path) {
        return text(Tag.RUN_DIR, path.toString());
    }

    /** Directories of cgroups that the shim itself enters: it is charged to the sandbox, but never frozen. */
    public ShimPlan shimCgroups(List<Path> directories) {
        directories.forEach(dir -> text(Tag.SHIM_PROCS, entrance(dir).toString()));
        return this;
    }

    /** Directories of cgroups that the runtime, and so everything inside, is born in. */
    public ShimPlan boxCgroups(List<Path> directories) {
        directories.forEach(dir -> text(Tag.BOX_PROCS, entrance(dir).toString()));
        return this;
    }

    /**
     * The file by which a process with one thread enters a group. {@code tasks} (v1 only) where there is one: a thread
     * that moves itself through it does not take the kernel's global lock, which costs an RCU grace period of some
     * 10 ms.
     */
    private static Path entrance(Path group) {
        Path tasks = group.resolve("tasks");
        return Files.exists(tasks) ? tasks : group.resolve("cgroup.procs");
    }

    /**
     * Files that together list every process of the box, and no other: what is killed at the end where there is no kill
     * file.
     */
    public ShimPlan killProcs(List<Path> files) {
        files.forEach(file -> text(Tag.KILL_PROCS, file.toString()));
        return this;
    }

    public ShimPlan uids(long base, long count) {
        return number(Tag.UID_BASE, base).number(Tag.UID_COUNT, count);
    }

    public ShimPlan command(List<String> args, List<String> env) {
        args.forEach(arg -> text(Tag.ARG, arg));
        env.forEach(variable -> text(Tag.ENV, variable));
        return this;
    }

    /**
     * The command returns once process 1 runs and leaves its pid in that file; otherwise the command itself is waited
     * for.
     */
    public ShimPlan detached(Path pidFile) {
        return number(Tag.DETACHED, 1).text(Tag.PID_FILE, pidFile.toString());
    }

    /** Milliseconds of CLOCK_BOOTTIME at which the sandbox is killed or frozen; 0: never. */
    public ShimPlan deadlineMillis(long value, AtDeadline action) {
        return number(Tag.DEADLINE_MS, value).number(Tag.DEADLINE_FREEZE, action == AtDeadline.FREEZE ? 1 : 0);
    }

    /** Microseconds of CPU time after which the sandbox is killed; 0: never. */
    public ShimPlan cpuLimitMicros(long value) {
        return number(Tag.CPU_LIMIT_US, value);
    }

    public ShimPlan cpuFile(Path path) {
        return text(Tag.CPU_FILE, path.toString());
    }

    public ShimPlan killFile(Path path) {
        return text(Tag.KILL_FILE, path.toString());
    }

    public ShimPlan freezeFile(Path path) {
        return text(Tag.FREEZE_FILE, path.toString());
    }

    /** The shim makes the user namespace and mounts it on that file, which the runtime joins. */
    public ShimPlan userNamespace(Path path) {
        return touch(path).text(Tag.USERNS, path.toString());
    }

    public ShimPlan startMillis(long value) {
        return number(Tag.START_MS, value);
    }

    public ShimPlan mount(String type, Path target, String options, long flags) {
        return mountAs(0, type, target, options, flags);
    }

    /** @param owner the file system uid and gid with which the mount makes files of its own */
    public ShimPlan mountAs(long owner, String type, Path target, String options, long flags) {
        return step(new Step(StepKind.MOUNT, target)
                .source(type)
                .type(type)
                .options(options)
                .number(StepTag.FLAGS, flags)
                .number(StepTag.UID, owner));
    }

    /**
     * An image of a file system as a writable mount, its owners 0… shown as the sandbox's range; it goes with the
     * sandbox, and so does its loop device.
     */
    public ShimPlan disk(Path image, Path target, String type, String options) {
        return step(new Step(StepKind.DISK, target)
                .source(image.toString())
                .type(type)
                .options(options));
    }

    public ShimPlan mkdir(Path target, int mode, long owner) {
        return step(new Step(StepKind.MKDIR, target).number(StepTag.MODE, mode).number(StepTag.UID, owner));
    }

    public ShimPlan touch(Path target) {
        return step(new Step(StepKind.TOUCH, target));
    }

    /**
     * A read-only clone of the mount at {@code source}, its owners 0… shown as the sandbox's range where the file
     * system can do that.
     */
    public ShimPlan idmapped(Path source, Path target) {
        return step(new Step(StepKind.IDMAP_OR_BIND, target).source(source.toString()));
    }

    /** A read-only clone of the mount at {@code source}. */
    public ShimPlan bindReadOnly(Path source, Path target) {
        return step(new Step(StepKind.BIND, target).source(source.toString()));
    }

    /** All mounts at and below the target, as the runtime sees them. */
    public ShimPlan readOnly(Path target) {
        return step(new Step(StepKind.READ_ONLY, target));
    }

    public ShimPlan unmount(Path target) {
        return step(new Step(StepKind.UNMOUNT, target));
    }

    /**
     * There is no runtime: the shim itself starts the command, as process 1 in that root.
     *
     * @param capabilities bits by the numbers of capabilities(7)
     * @param filter a compiled BPF program
     */
    ShimPlan launch(Path root, String hostname, long capabilities, boolean noNewPrivileges, byte[] filter) {
        put(fields, Tag.FILTER.number(), filter);
        return text(Tag.ROOT, root.toString())
                .text(Tag.HOSTNAME, hostname)
                .number(Tag.CAPABILITIES, capabilities)
                .number(Tag.NO_NEW_PRIVS, noNewPrivileges ? 1 : 0);
    }

    /** One of the things that {@link InsideStep} makes, below the root of {@link #launch}. */
    ShimPlan inside(InsideStep step) {
        Step fields = new Step(step.kind().number(), step.target());
        step.source().ifPresent(fields::source);
        step.type().ifPresent(fields::type);
        step.options().ifPresent(fields::options);
        put(
                this.fields,
                Tag.INSIDE.number(),
                fields.number(StepTag.FLAGS, step.flags()).bytes.toByteArray());
        return this;
    }

    /** The plan's bytes as the spawner takes them. */
    public byte[] encode() {
        return fields.toByteArray();
    }

    private ShimPlan step(Step step) {
        put(fields, Tag.STEP.number(), step.bytes.toByteArray());
        return this;
    }

    private ShimPlan text(Tag tag, String value) {
        put(fields, tag.number(), value.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    private ShimPlan number(Tag tag, long value) {
        put(fields, tag.number(), number(value));
        return this;
    }

    private static byte[] number(long value) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }

    private static void put(ByteArrayOutputStream out, int tag, byte[] value) {
        out.write(tag);
        out.write(value.length);
        out.write(value.length >>> 8);
        out.write(value.length >>> 16);
        out.writeBytes(value);
    }

    private static final class Step {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Step(StepKind kind, Path target) {
            this(kind.number(), target.toString());
        }

        Step(int kind, String target) {
            number(StepTag.KIND, kind);
            put(bytes, StepTag.TARGET.number(), target.getBytes(StandardCharsets.UTF_8));
        }

        Step source(String value) {
            put(bytes, StepTag.SOURCE.number(), value.getBytes(StandardCharsets.UTF_8));
            return this;
        }

        Step type(String value) {
            put(bytes, StepTag.TYPE.number(), value.getBytes(StandardCharsets.UTF_8));
            return this;
        }

        Step options(String value) {
            put(bytes, StepTag.OPTIONS.number(), value.getBytes(StandardCharsets.UTF_8));
            return this;
        }

        Step number(StepTag tag, long value) {
            put(bytes, tag.number(), ShimPlan.number(value));
            return this;
        }
    }
}

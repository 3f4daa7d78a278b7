package dev.skerry.wire.stream;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.FieldWriter;
import dev.skerry.wire.Tag;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A process to start inside.
 *
 * @param args program and arguments; a program without a slash is looked up in the PATH of {@code env}
 * @param env the whole environment, nothing is inherited
 * @param cwd empty: the user's home
 * @param user name, uid, or uid:gid; empty: root inside
 * @param input whether there is a pipe for stdin; otherwise it reads /dev/null
 * @param terminal runs on a terminal of that size
 * @param timeout after which it is killed
 * @param confined no_new_privs, and an empty capability bounding set
 * @param keepOutput with nobody attached: true blocks the process when 256 KiB wait, false drops the oldest
 * @param tag any label, up to 256 bytes
 * @param tree descendants are killed with it, wherever they hid
 */
public record ExecRequest(
        List<String> args,
        Map<String, String> env,
        Optional<String> cwd,
        Optional<String> user,
        boolean input,
        Optional<TerminalSize> terminal,
        List<ResourceLimit> limits,
        Optional<Duration> timeout,
        boolean confined,
        boolean keepOutput,
        String tag,
        boolean tree) {
    /** Docker's default set less NET_RAW and MKNOD, as bits of linux/capability.h. */
    private static final long SUDO_CAPABILITIES = bits(0, 1, 3, 4, 5, 6, 7, 8, 10, 18, 29, 31);

    /** Characters, not pixels. */
    public record TerminalSize(int rows, int columns) {}

    /** One of setrlimit(2). */
    public record ResourceLimit(Resource resource, long soft, long hard) {
        /** Numbers as on x86-64 and arm64. */
        public enum Resource {
            CPU_SECONDS(0),
            FILE_BYTES(1),
            STACK_BYTES(3),
            CORE_BYTES(4),
            /** Tasks alive at one time of the user inside, whoever started them. */
            PROCESSES(6),
            OPEN_FILES(7),
            ADDRESS_SPACE_BYTES(9);

            private final int number;

            Resource(int number) {
                this.number = number;
            }
        }
    }

    public ExecRequest {
        args = List.copyOf(args);
        env = Map.copyOf(env);
        limits = List.copyOf(limits);
        if (args.isEmpty() || args.getFirst().isEmpty()) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "no program to run");
        }
        env.keySet().forEach(name -> {
            if (name.isEmpty() || name.indexOf('=') >= 0) {
                throw new Failure(ErrorCode.INVALID_REQUEST, "'" + name + "' is not a name of an environment variable");
            }
        });
    }

    /** With no input, no terminal, confined, as root inside. */
    public static ExecRequest of(List<String> args) {
        return new ExecRequest(
                args,
                Map.of("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
                Optional.empty(),
                Optional.empty(),
                false,
                Optional.empty(),
                List.of(),
                Optional.empty(),
                true,
                true,
                "",
                false);
    }

    public static ExecRequest of(String... args) {
        return of(List.of(args));
    }

    public ExecRequest withEnv(Map<String, String> more) {
        Map<String, String> merged = new LinkedHashMap<>(env);
        merged.putAll(more);
        return new ExecRequest(
                args, merged, cwd, user, input, terminal, limits, timeout, confined, keepOutput, tag, tree);
    }

    public ExecRequest in(String folder) {
        return new ExecRequest(
                args,
                env,
                Optional.of(folder),
                user,
                input,
                terminal,
                limits,
                timeout,
                confined,
                keepOutput,
                tag,
                tree);
    }

    public ExecRequest as(String name) {
        return new ExecRequest(
                args, env, cwd, Optional.of(name), input, terminal, limits, timeout, confined, keepOutput, tag, tree);
    }

    public ExecRequest withInput() {
        return new ExecRequest(args, env, cwd, user, true, terminal, limits, timeout, confined, keepOutput, tag, tree);
    }

    public ExecRequest onTerminal(TerminalSize size) {
        return new ExecRequest(
                args, env, cwd, user, true, Optional.of(size), limits, timeout, confined, keepOutput, tag, tree);
    }

    public ExecRequest withLimits(List<ResourceLimit> more) {
        return new ExecRequest(args, env, cwd, user, input, terminal, more, timeout, confined, keepOutput, tag, tree);
    }

    public ExecRequest within(Duration bound) {
        return new ExecRequest(
                args, env, cwd, user, input, terminal, limits, Optional.of(bound), confined, keepOutput, tag, tree);
    }

    /** Leaves setuid programs their effect; only in a sandbox whose privilege allows it. */
    public ExecRequest unconfined() {
        return new ExecRequest(args, env, cwd, user, input, terminal, limits, timeout, false, keepOutput, tag, tree);
    }

    public ExecRequest droppingOutput() {
        return new ExecRequest(args, env, cwd, user, input, terminal, limits, timeout, confined, false, tag, tree);
    }

    public ExecRequest tagged(String label) {
        return new ExecRequest(
                args, env, cwd, user, input, terminal, limits, timeout, confined, keepOutput, label, tree);
    }

    public ExecRequest asTree() {
        return new ExecRequest(args, env, cwd, user, input, terminal, limits, timeout, confined, keepOutput, tag, true);
    }

    FieldWriter encode() {
        FieldWriter fields = new FieldWriter();
        args.forEach(arg -> fields.text(Tag.ARG, arg));
        env.forEach((name, value) -> fields.text(Tag.ENV, name + "=" + value));
        cwd.ifPresent(folder -> fields.text(Tag.CWD, folder));
        user.ifPresent(name -> fields.text(Tag.USER, name));
        fields.number(Tag.STDIN, input ? 1 : 0);
        terminal.ifPresent(
                size -> fields.number(Tag.PTY, 1).number(Tag.ROWS, size.rows()).number(Tag.COLS, size.columns()));
        limits.forEach(limit -> fields.numbers(Tag.RLIMIT, limit.resource().number, limit.soft(), limit.hard()));
        timeout.ifPresent(bound -> fields.number(Tag.TIMEOUT_MS, Math.max(1, bound.toMillis())));
        fields.number(Tag.NNP, confined ? 1 : 0);
        fields.number(Tag.CAPS, confined ? 0 : SUDO_CAPABILITIES);
        fields.number(Tag.OUTPUT, keepOutput ? 0 : 1);
        if (!tag.isEmpty()) {
            fields.text(Tag.TAG, tag);
        }
        return fields.number(Tag.TREE, tree ? 1 : 0);
    }

    private static long bits(int... numbers) {
        long mask = 0;
        for (int number : numbers) {
            mask |= 1L << number;
        }
        return mask;
    }
}

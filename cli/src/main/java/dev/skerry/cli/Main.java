package dev.skerry.cli;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.Launcher;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine;

/** The {@code skerry} command: puts the commands together and turns the end of one into an exit code. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        System.exit(execute(
                new Context(
                        EngineHost::open,
                        new LocalServer.Opener(System.err),
                        StopSignals::onFirst,
                        isRoot(),
                        // Through a channel, because a read of that can be interrupted: a thread still waiting for
                        // input
                        // would hold the JVM up for 0.3 s when it exits.
                        Channels.newInputStream(new FileInputStream(FileDescriptor.in).getChannel()),
                        new FileOutputStream(FileDescriptor.out),
                        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                        System.getenv()),
                arguments));
    }

    /** By who owns its entry in proc(5). */
    private static boolean isRoot() {
        try {
            return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        } catch (IOException e) {
            return false;
        }
    }

    /** @return the exit code */
    static int execute(Context context, String... arguments) {
        var failures = new FailurePrinter(context.stderr(), context.debug());
        return commandLine(context, arguments)
                .setOut(new PrintWriter(context.stdout(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(context.stderr(), true, StandardCharsets.UTF_8))
                .setParameterExceptionHandler(failures)
                .setExecutionExceptionHandler(failures)
                .execute(arguments);
    }

    private static final Map<String, Function<Context, Object>> COMMANDS = commands();

    private static Map<String, Function<Context, Object>> commands() {
        Map<String, Function<Context, Object>> commands = new LinkedHashMap<>();
        commands.put("run", RunCommand::new);
        commands.put("shell", ShellCommand::new);
        commands.put("attach", AttachCommand::new);
        commands.put("serve", ServeCommand::new);
        commands.put("create", CreateCommand::new);
        commands.put("ps", PsCommand::new);
        commands.put("exec", ExecCommand::new);
        commands.put("cp", CopyCommand::new);
        commands.put("logs", LogsCommand::new);
        commands.put("port", PortCommand::new);
        commands.put("pause", PauseCommand::new);
        commands.put("resume", ResumeCommand::new);
        commands.put("kill", KillCommand::new);
        commands.put("why", WhyCommand::new);
        commands.put("events", EventsCommand::new);
        commands.put("keys", KeysCommand::new);
        commands.put("tenants", TenantsCommand::new);
        commands.put("audit", AuditCommand::new);
        commands.put("jobs", JobsCommand::new);
        commands.put("pools", PoolsCommand::new);
        commands.put("packages", PackagesCommand::new);
        commands.put("secret", SecretCommand::new);
        commands.put("webhooks", WebhooksCommand::new);
        commands.put("backup", BackupCommand::new);
        commands.put("restore", RestoreCommand::new);
        commands.put("template", TemplateCommand::new);
        commands.put("doctor", DoctorCommand::new);
        commands.put("bench", _ -> new BenchCommand());
        commands.put("version", VersionCommand::new);
        return commands;
    }

    /**
     * @param arguments when they name a command, only that one is put together: reading the annotations of all of them
     *     takes longer than most programs run
     */
    static CommandLine commandLine(Context context, String... arguments) {
        var line = new CommandLine(new SkerryCommand());
        boolean one = arguments.length > 0 && COMMANDS.containsKey(arguments[0]);
        COMMANDS.forEach((name, command) -> {
            if (!one || name.equals(arguments[0])) {
                // What follows a program's name belongs to the program, even when it looks like an option of ours.
                boolean stops = List.of("run", "shell", "exec", "bench").contains(name);
                line.addSubcommand(name, new CommandLine(command.apply(context)).setStopAtPositional(stops));
            }
        });
        return line.setUsageHelpWidth(110)
                // Nor is '@name' a file with more arguments: it may be the program's.
                .setExpandAtFiles(false)
                .registerConverter(Isolation.class, new Quantities.Level())
                .registerConverter(Launcher.class, new Quantities.LauncherName())
                .registerConverter(Long.class, new Quantities.Bytes())
                .registerConverter(Duration.class, new Quantities.Time());
    }
}

package dev.skerry.cli;

import dev.skerry.wire.Isolation;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import picocli.CommandLine;

/** The {@code skerry} command: puts the commands together and turns the end of one into an exit code. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        System.exit(execute(
                new Context(
                        EngineHost::open,
                        new FileInputStream(FileDescriptor.in),
                        new FileOutputStream(FileDescriptor.out),
                        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                        System.getenv()),
                arguments));
    }

    /** @return the exit code */
    static int execute(Context context, String... arguments) {
        var failures = new FailurePrinter(context.stderr(), context.debug());
        return commandLine(context)
                .setOut(new PrintWriter(context.stdout(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(context.stderr(), true, StandardCharsets.UTF_8))
                .setParameterExceptionHandler(failures)
                .setExecutionExceptionHandler(failures)
                .execute(arguments);
    }

    static CommandLine commandLine(Context context) {
        // What follows a program's name belongs to the program, even when it looks like an option of ours.
        var run = new CommandLine(new RunCommand(context)).setStopAtPositional(true);
        var shell = new CommandLine(new ShellCommand(context)).setStopAtPositional(true);
        return new CommandLine(new SkerryCommand())
                .addSubcommand("run", run)
                .addSubcommand("shell", shell)
                .addSubcommand("attach", new AttachCommand(context))
                .addSubcommand("ps", new PsCommand(context))
                .addSubcommand("kill", new KillCommand(context))
                .addSubcommand("template", new TemplateCommand(context))
                .addSubcommand("doctor", new DoctorCommand(context))
                .addSubcommand("bench", new BenchCommand())
                .addSubcommand("version", new VersionCommand(context))
                .setUsageHelpWidth(110)
                .registerConverter(Isolation.class, Isolation::parse)
                .registerConverter(Long.class, new Quantities.Bytes())
                .registerConverter(Duration.class, new Quantities.Time());
    }
}

package dev.skerry.cli;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Nearest;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what a command threw into two lines on standard error and an exit code. */
final class FailurePrinter implements CommandLine.IParameterExceptionHandler, CommandLine.IExecutionExceptionHandler {
    /** Commands that the launcher answers, which are none here. */
    private static final List<String> LAUNCHERS_OWN = List.of("service", "build", "test", "package", "help");

    private final PrintStream err;
    private final boolean debug;

    FailurePrinter(PrintStream err, boolean debug) {
        this.err = err;
        this.debug = debug;
    }

    @Override
    public int handleParseException(ParameterException exception, String[] arguments) {
        trace(exception);
        print(wrong(exception), "see './skerry " + (name(exception.getCommandLine()) + " --help'").strip());
        return ExitCode.USAGE;
    }

    private static String wrong(ParameterException exception) {
        CommandLine command = exception.getCommandLine();
        if (!(exception instanceof UnmatchedArgumentException unmatched)) {
            return message(exception);
        }
        String word = unmatched.getUnmatched().getFirst();
        if (unmatched.isUnknownOption()) {
            Set<String> known = command.getCommandSpec().optionsMap().keySet();
            return "there is no option '" + word + "'"
                    + nearest(word.replaceFirst("=.*", ""), known).orElse("");
        }
        if (command.getSubcommands().isEmpty()) {
            return "'" + word + "' is one word too many";
        }
        Set<String> known = command.getSubcommands().keySet();
        if (command.getParent() == null) {
            Set<String> all = Stream.concat(known.stream(), LAUNCHERS_OWN.stream())
                    .collect(Collectors.toCollection(LinkedHashSet::new));
            return "'" + word + "' is not a command" + nearest(word, all).orElse("");
        }
        return "'" + word + "' is not a command of '" + name(command) + "'"
                + nearest(word, known).orElse(", which has " + String.join(", ", known));
    }

    private static Optional<String> nearest(String word, Set<String> known) {
        return Nearest.meant(word, known).map(meant -> "; the nearest one is '" + meant + "'");
    }

    /** The words that call it, without the program's. */
    private static String name(CommandLine command) {
        CommandLine above = command.getParent();
        return above == null ? "" : (name(above) + " " + command.getCommandName()).strip();
    }

    @Override
    public int handleExecutionException(Exception exception, CommandLine command, ParseResult arguments) {
        trace(exception);
        return exception instanceof LostOutput lost ? lost.tell(err) : print(exception);
    }

    int print(Exception exception) {
        if (exception instanceof Failure failure) {
            print(message(failure), failure.hint().orElse(""));
            return exitCode(failure.code());
        }
        print(message(exception), "this is a fault of Skerry; SKERRY_DEBUG=1 shows where it happened");
        return ExitCode.SANDBOX_ERROR;
    }

    static int exitCode(ErrorCode code) {
        return code == ErrorCode.INVALID_REQUEST ? ExitCode.USAGE : ExitCode.SANDBOX_ERROR;
    }

    private static String message(Exception exception) {
        String text = exception.getMessage();
        return text == null || text.isBlank() ? exception.getClass().getSimpleName() : text.strip();
    }

    private void print(String message, String hint) {
        // Of what a sandbox may have put into it, nothing moves the cursor.
        err.println("skerry: " + message.replaceAll("[\\p{Cntrl}&&[^\n\t]]", "?"));
        hint.lines().forEach(line -> err.println("hint: " + line));
    }

    private void trace(Exception exception) {
        if (debug) {
            exception.printStackTrace(err);
            Arrays.stream(exception.getSuppressed()).forEach(suppressed -> suppressed.printStackTrace(err));
        }
    }
}

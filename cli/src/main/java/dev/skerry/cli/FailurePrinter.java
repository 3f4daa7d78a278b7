package dev.skerry.cli;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Nearest;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what a command threw into two lines on standard error and an exit code. */
final class FailurePrinter implements CommandLine.IParameterExceptionHandler, CommandLine.IExecutionExceptionHandler {
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
            return "there is no option '" + word + "'; the nearest one is '" + nearest(word, command) + "'";
        }
        if (command.getSubcommands().isEmpty()) {
            return "'" + word + "' is one word too many";
        }
        return "'" + word + "' is not a command" + (command.getParent() == null ? "" : " of '" + name(command) + "'");
    }

    private static String nearest(String option, CommandLine command) {
        String word = option.replaceFirst("=.*", "");
        Set<String> known = command.getCommandSpec().optionsMap().keySet();
        return known.stream().filter(one -> one.startsWith(word)).findFirst().orElseGet(() -> Nearest.to(word, known, 1)
                .getFirst());
    }

    /** The words that call it, without the program's. */
    private static String name(CommandLine command) {
        CommandLine above = command.getParent();
        return above == null ? "" : (name(above) + " " + command.getCommandName()).strip();
    }

    @Override
    public int handleExecutionException(Exception exception, CommandLine command, ParseResult arguments) {
        trace(exception);
        return print(exception);
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

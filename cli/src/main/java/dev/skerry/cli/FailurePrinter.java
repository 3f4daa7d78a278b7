package dev.skerry.cli;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.PrintStream;
import java.util.Arrays;
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
        print(wrong(exception), "see './skerry " + path(exception.getCommandLine()) + "--help'");
        return ExitCode.USAGE;
    }

    private static String wrong(ParameterException exception) {
        boolean command = exception instanceof UnmatchedArgumentException unmatched
                && !unmatched.isUnknownOption()
                && exception.getCommandLine().getParent() == null;
        return command
                ? "'" + ((UnmatchedArgumentException) exception).getUnmatched().getFirst() + "' is not a command"
                : message(exception);
    }

    private static String path(CommandLine command) {
        return command.getParent() == null ? "" : command.getCommandName() + " ";
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

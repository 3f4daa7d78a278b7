/**
 * The {@code skerry} command: one file for each subcommand, {@link dev.skerry.cli.Main} in front. A command parses its
 * arguments, calls the engine or the job runner, and prints. Exit codes are those of {@link dev.skerry.cli.ExitCode};
 * failures go through {@link dev.skerry.cli.FailurePrinter}, which is the only place that turns an exception into
 * words. Standard output belongs to the sandboxed program or to the command's result, nothing else is ever written
 * there.
 */
@NullMarked
package dev.skerry.cli;

import org.jspecify.annotations.NullMarked;

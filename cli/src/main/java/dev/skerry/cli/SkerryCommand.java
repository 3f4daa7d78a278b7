package dev.skerry.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command without a subcommand: it has nothing to do but say which there are. */
@Command(
        name = "./skerry",
        description = "Runs code that nobody trusts on a machine that somebody owns.",
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.Versions.class)
final class SkerryCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "a command is missing: " + String.join(", ", spec.subcommands().keySet()));
    }
}

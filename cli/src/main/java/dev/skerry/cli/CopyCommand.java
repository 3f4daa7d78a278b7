package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skerry cp}: files between this machine and a sandbox of the server. */
@Command(
        name = "cp",
        description = {
            "Copies a file or folder into a sandbox of the server, or out of one.",
            "One side is ID:PATH. The other is a path, or '-' for standard input or output: the bytes of a file,",
            "or, out of a sandbox, a folder as a tar archive. A path with a colon is written as ./a:b."
        },
        customSynopsis = {"./skerry cp [OPTIONS] PATH|- ID:PATH", "       ./skerry cp [OPTIONS] ID:PATH PATH|-"},
        mixinStandardHelpOptions = true)
final class CopyCommand implements Callable<Integer> {
    private final Context context;

    @Parameters(index = "0", paramLabel = "FROM", description = "What to copy.")
    private String from = "";

    @Parameters(
            index = "1",
            paramLabel = "TO",
            description = "Where to; a folder that is there gets it under its own name,"
                    + " or what is in it when FROM ends with '/.'.")
    private String to = "";

    @Option(
            names = {"-u", "--user"},
            paramLabel = "USER",
            description = "Who reads or writes it inside (default: the template's).")
    private Optional<String> user = Optional.empty();

    @Mixin
    private ServerOptions serverOptions = new ServerOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    CopyCommand(Context context) {
        this.context = context;
    }

    /** A path in a sandbox. */
    private record Inside(String id, String path) {
        /** Empty for a path of this machine. */
        static Optional<Inside> of(String text) {
            int colon = text.indexOf(':');
            if (colon < 1 || text.substring(0, colon).contains("/") || text.startsWith(".")) {
                return Optional.empty();
            }
            if (colon == text.length() - 1) {
                throw new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "'" + text + "' names no path",
                        "write ID:PATH, as in " + text + "/tmp");
            }
            return Optional.of(new Inside(text.substring(0, colon), text.substring(colon + 1)));
        }
    }

    @Override
    public Integer call() throws InterruptedException {
        Optional<Inside> source = Inside.of(from);
        Optional<Inside> target = Inside.of(to);
        if (source.isPresent() == target.isPresent()) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    source.isPresent() ? "both sides are in a sandbox" : "neither side is in a sandbox",
                    "write one of them as ID:PATH; './skerry ps' lists ids");
        }
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            Inside inside = source.or(() -> target).orElseThrow();
            var copy = new RemoteCopy(
                    context, server.envd(Awake.require(server.sandbox(inside.id())), user), inside.path());
            if (target.isPresent()) {
                if (from.equals("-")) {
                    copy.inFromStdin();
                } else {
                    copy.in(Path.of(from));
                }
            } else if (to.equals("-")) {
                copy.outToStdout();
            } else {
                copy.out(Path.of(to), to.endsWith("/"));
            }
            return ExitCode.OK;
        }
    }
}

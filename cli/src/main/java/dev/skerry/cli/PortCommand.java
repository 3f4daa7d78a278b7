package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import dev.skerry.cli.client.Envd;
import dev.skerry.cli.client.ListeningPorts;
import dev.skerry.cli.client.ProcessStart;
import dev.skerry.cli.client.RemoteProcess;
import dev.skerry.cli.client.RemoteProcess.End;
import dev.skerry.cli.client.ServerSandbox;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code skerry port}: where a sandbox's services are reached. */
@Command(
        name = "port",
        description = "Prints the URLs of the ports on which programs in a sandbox of the server listen.",
        mixinStandardHelpOptions = true)
final class PortCommand implements Callable<Integer> {
    private static final int TABLE_BYTES_MAX = 8 << 20;

    private final Context context;

    @Parameters(index = "0", paramLabel = "ID", description = "The sandbox.")
    private String id = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "PORT", description = "Only this one, which must be open.")
    private Optional<Integer> port = Optional.empty();

    @Mixin
    private ServerOptions serverOptions = new ServerOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    PortCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (port.isPresent() && (port.get() < 1 || port.get() > 65_535)) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "'" + port.get() + "' is not a port", "write 1 to 65535");
        }
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            ServerSandbox sandbox = Awake.require(server.sandbox(id));
            String domain = sandbox.domain()
                    .or(() -> server.address().domain())
                    .orElseThrow(() -> new Failure(
                            ErrorCode.NOT_FOUND,
                            "the server does not say below which domain its sandboxes are",
                            "set E2B_DOMAIN"));
            SortedSet<Integer> open = listening(server.envd(sandbox, Optional.empty()));
            if (port.isEmpty()) {
                open.forEach(each -> context.print(each + " -> " + url(each, domain)));
            } else if (open.contains(port.get())) {
                context.print(url(port.get(), domain));
            } else {
                throw new Failure(
                        ErrorCode.NOT_FOUND,
                        "nothing listens on port " + port.get() + " of sandbox '" + id + "'",
                        open.isEmpty() ? "nor on any other" : "open are " + open);
            }
            return ExitCode.OK;
        }
    }

    private String url(int number, String domain) {
        return "https://" + number + "-" + id + "." + domain;
    }

    private static SortedSet<Integer> listening(Envd envd) throws InterruptedException {
        var tables = new ByteArrayOutputStream();
        var words = new ByteArrayOutputStream();
        // A kernel without IPv6 has no second table: what the first says counts.
        try (RemoteProcess process = envd.start(ProcessStart.of("cat", "/proc/net/tcp", "/proc/net/tcp6"))) {
            End end = process.follow(bytes -> bounded(tables, bytes), bytes -> bounded(words, bytes));
            if (tables.size() == 0) {
                throw new Failure(
                        ErrorCode.UNSUPPORTED,
                        "the sandbox's table of ports cannot be read: " + end.words() + " "
                                + words.toString(StandardCharsets.UTF_8).strip());
            }
        } catch (IOException e) {
            throw new Failure(ErrorCode.LIMIT_EXCEEDED, "the sandbox's table of ports has no end", e);
        }
        return ListeningPorts.of(tables.toString(StandardCharsets.UTF_8));
    }

    private static void bounded(ByteArrayOutputStream into, byte[] bytes) throws IOException {
        if (into.size() + bytes.length > TABLE_BYTES_MAX) {
            throw new IOException("too much");
        }
        into.writeBytes(bytes);
    }
}

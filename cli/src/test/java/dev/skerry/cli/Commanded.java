package dev.skerry.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** The command with a fake machine under it, run in this process; what it said is kept until the next. */
final class Commanded {
    final FakeHost host = new FakeHost();
    final Map<String, String> environment = new HashMap<>();
    Context.ServerOpener servers = FakeServer.NONE;
    Context.StopWatch stops = _ -> {};
    boolean root = true;
    byte[] input = new byte[0];
    ByteArrayOutputStream stdout = new ByteArrayOutputStream();
    ByteArrayOutputStream stderr = new ByteArrayOutputStream();

    /** @return the exit code */
    int skerry(String... arguments) {
        stdout = new ByteArrayOutputStream();
        return skerryTo(stdout, arguments);
    }

    int skerryTo(OutputStream out, String... arguments) {
        stderr = new ByteArrayOutputStream();
        var context = new Context(
                (_, _) -> host,
                servers,
                stops,
                root,
                new ByteArrayInputStream(input),
                out,
                new PrintStream(stderr, true, StandardCharsets.UTF_8),
                environment);
        return Main.execute(context, arguments);
    }

    String out() {
        return stdout.toString(StandardCharsets.UTF_8);
    }

    String err() {
        return stderr.toString(StandardCharsets.UTF_8);
    }
}

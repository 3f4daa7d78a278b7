package dev.skerry.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;

/** A program for {@link StopSignalsTest}: {@code serve} with a fake server, drained when its input gives a byte. */
final class SlowServer {
    private SlowServer() {}

    /** @param arguments the data folder */
    public static void main(String[] arguments) {
        var server = new FakeServer();
        server.draining = () -> {
            try {
                System.in.read();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
        var context = new Context(
                (_, _) -> {
                    throw new IllegalStateException("no engine");
                },
                _ -> server,
                StopSignals::onFirst,
                true,
                InputStream.nullInputStream(),
                System.out,
                System.out,
                Map.of());
        System.exit(Main.execute(context, "serve", "--data", arguments[0]));
    }
}

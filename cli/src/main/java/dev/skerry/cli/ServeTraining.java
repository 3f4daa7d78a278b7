package dev.skerry.cli;

import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * As {@link Training}, for {@code skerry serve}, which has a cache of its own: the server's JVM has other options, and
 * a cache belongs to its options.
 */
final class ServeTraining {
    private ServeTraining() {}

    public static void main(String[] arguments) {
        try (var out = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
            var context = new Context(
                    EngineHost::open,
                    _ -> {
                        throw new IllegalStateException("--check starts no server");
                    },
                    _ -> {},
                    true,
                    InputStream.nullInputStream(),
                    out,
                    new PrintStream(System.out, true, StandardCharsets.UTF_8),
                    Map.of());
            Main.execute(context, "serve", "--check");
        }
    }
}

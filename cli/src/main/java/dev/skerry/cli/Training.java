package dev.skerry.cli;

import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Runs at build time, once, so that the JVM can write down which classes the commonest commands need (JEP 483, JEP
 * 514). What it runs may fail, as where sandboxes do not work; the cache then holds a little less.
 */
final class Training {
    private Training() {}

    public static void main(String[] arguments) {
        try (var out = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
            // The usual data folder, because what is made there (the template base) is what the first real run needs.
            var context = new Context(
                    EngineHost::open,
                    _ -> {
                        throw new IllegalStateException("no server is trained here");
                    },
                    _ -> {},
                    true,
                    new ByteArrayInputStream("a line\n".getBytes(StandardCharsets.UTF_8)),
                    out,
                    new PrintStream(System.out, true, StandardCharsets.UTF_8),
                    System.getenv());
            Main.execute(context, "version");
            Main.execute(context, "run", "--help");
            Main.execute(context, "run", "--json", "--lang", "bash", "-c", "cat; echo done >&2");
            Main.execute(context, "run", "--memory", "256m", "--timeout", "10s", "--", "true");
            Main.execute(context, "ps", "--local");
            // Nobody is there; what a client is made of is learned all the same.
            Main.execute(context, "ps", "--url", "http://127.0.0.1:9");
        }
    }
}

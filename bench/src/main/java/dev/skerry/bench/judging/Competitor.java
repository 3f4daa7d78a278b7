package dev.skerry.bench.judging;

import dev.skerry.bench.jobs.PistonClient;
import dev.skerry.bench.jobs.SmallProgram;
import dev.skerry.bench.serving.PoolsKept;
import dev.skerry.bench.serving.ServerUnderTest;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import java.util.Set;

/**
 * A server with Piston's API that is measured.
 *
 * @param pools that it has, as far as is known
 * @param languages that it has
 */
record Competitor(String name, URI origin, Optional<String> key, PoolsKept pools, Set<String> languages) {
    static Competitor ours(String name, ServerUnderTest server, PoolsKept pools) throws IOException {
        return of(name, server.origin(), Optional.of(server.key()), pools);
    }

    /** Another's, which is asked for its languages now. */
    static Competitor other(String name, URI origin) throws IOException {
        return of(name, origin, Optional.empty(), PoolsKept.NONE);
    }

    private static Competitor of(String name, URI origin, Optional<String> key, PoolsKept pools) throws IOException {
        try (PistonClient client = new PistonClient(origin, key)) {
            return new Competitor(name, origin, key, pools, client.languages());
        }
    }

    PistonClient client() throws IOException {
        return new PistonClient(origin, key);
    }

    boolean has(SmallProgram program) {
        return languages.contains(program.language());
    }

    /**
     * Under what an answer counts: how ready its sandbox was is never mixed.
     *
     * @param start as the answer says; empty: it does not
     */
    String row(String start) {
        return switch (start) {
            case "" -> name;
            case "warm" -> name + ": hit, nothing started";
            case "cold" -> name + (pools == PoolsKept.NONE ? ": cold" : ": miss");
            default -> name + ": hit, " + start;
        };
    }
}

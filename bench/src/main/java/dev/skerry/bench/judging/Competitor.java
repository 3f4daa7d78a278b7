package dev.skerry.bench.judging;

import java.io.IOException;
import java.net.URI;
import java.util.Optional;

/** A server with Piston's API that is measured. */
record Competitor(String name, URI origin, Optional<String> key) {
    PistonClient client() throws IOException {
        return new PistonClient(origin, key);
    }
}

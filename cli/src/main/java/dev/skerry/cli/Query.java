package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import java.util.Optional;

/** The query of a request, as it is put together. */
record Query(String text) {
    static final Query NONE = new Query("");

    Query with(String name, Optional<String> value) {
        return value.map(one -> with(name, one)).orElse(this);
    }

    Query with(String name, String value) {
        return new Query(text + (text.isEmpty() ? "?" : "&") + name + "=" + ControlPlane.encoded(value));
    }

    @Override
    public String toString() {
        return text;
    }
}

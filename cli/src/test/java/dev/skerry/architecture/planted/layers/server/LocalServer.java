package dev.skerry.architecture.planted.layers.server;

import dev.skerry.host.engine.Engine;

/** Planted: the server knows the engine of this very machine. */
final class LocalServer {
    Class<?> engine() {
        return Engine.class;
    }
}

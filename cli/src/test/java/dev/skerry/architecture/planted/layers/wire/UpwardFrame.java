package dev.skerry.architecture.planted.layers.wire;

import dev.skerry.host.engine.Engine;

/** Planted: the wire knows the engine. */
final class UpwardFrame {
    Class<?> receiver() {
        return Engine.class;
    }
}

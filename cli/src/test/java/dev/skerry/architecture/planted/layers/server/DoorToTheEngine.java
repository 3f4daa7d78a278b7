package dev.skerry.architecture.planted.layers.server;

import dev.skerry.host.engine.Engine;

final class DoorToTheEngine {
    void open(Engine engine) {
        engine.close();
    }
}

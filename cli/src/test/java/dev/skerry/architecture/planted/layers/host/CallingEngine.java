package dev.skerry.architecture.planted.layers.host;

import dev.skerry.cli.Main;

/** Planted: the engine knows the command. */
final class CallingEngine {
    Class<?> caller() {
        return Main.class;
    }
}

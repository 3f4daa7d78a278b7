package dev.skerry.architecture.planted.layers.testkit;

import dev.skerry.cli.Main;

/** Planted: the attacks know the command. */
final class PrintedClaim {
    Class<?> printer() {
        return Main.class;
    }
}

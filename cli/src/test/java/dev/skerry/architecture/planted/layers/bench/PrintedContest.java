package dev.skerry.architecture.planted.layers.bench;

import dev.skerry.cli.Main;

/** Planted: the benchmarks know the command. */
final class PrintedContest {
    Class<?> printer() {
        return Main.class;
    }
}

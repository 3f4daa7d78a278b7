package dev.skerry.architecture.planted.layers.cli;

import dev.skerry.bench.Benchmark;

/** Planted: the command cannot do without the benchmarks. */
final class MeasureCommand {
    Class<?> benchmarks() {
        return Benchmark.class;
    }
}

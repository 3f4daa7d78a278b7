package dev.skerry.architecture.planted.processes.wire.stream;

import java.io.IOException;

/** Planted: a process that no driver starts. */
final class StartingStream {
    Process start() throws IOException {
        return new ProcessBuilder("true").start();
    }
}

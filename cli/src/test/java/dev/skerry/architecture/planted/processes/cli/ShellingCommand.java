package dev.skerry.architecture.planted.processes.cli;

import java.io.IOException;

/** Planted: a process that the command starts. */
final class ShellingCommand {
    Process start() throws IOException {
        return Runtime.getRuntime().exec(new String[] {"true"});
    }
}

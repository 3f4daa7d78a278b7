package dev.skerry.architecture.planted.purity.server;

import java.nio.file.Path;

final class LoggingLifecycle {
    String decide(Path log) {
        return log.toString();
    }
}

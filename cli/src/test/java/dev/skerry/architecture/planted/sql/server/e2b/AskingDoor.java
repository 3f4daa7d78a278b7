package dev.skerry.architecture.planted.sql.server.e2b;

import java.sql.Connection;

final class AskingDoor {
    boolean open(Connection connection) {
        return connection != null;
    }
}

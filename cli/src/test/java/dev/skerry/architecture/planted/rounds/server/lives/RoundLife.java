package dev.skerry.architecture.planted.rounds.server.lives;

import dev.skerry.architecture.planted.rounds.server.doors.RoundDoor;

public final class RoundLife {
    RoundDoor door() {
        return new RoundDoor();
    }
}

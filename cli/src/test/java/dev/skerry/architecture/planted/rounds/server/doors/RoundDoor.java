package dev.skerry.architecture.planted.rounds.server.doors;

import dev.skerry.architecture.planted.rounds.server.lives.RoundLife;

public final class RoundDoor {
    RoundLife life() {
        return new RoundLife();
    }
}

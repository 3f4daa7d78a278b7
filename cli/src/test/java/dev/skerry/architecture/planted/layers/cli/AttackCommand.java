package dev.skerry.architecture.planted.layers.cli;

import dev.skerry.testkit.Claims;

/** Planted: the command cannot do without the attacks. */
final class AttackCommand {
    Class<?> attacks() {
        return Claims.class;
    }
}

package dev.skerry.architecture.planted.foundations.host.cgroups;

import dev.skerry.host.drivers.Driver;

/** Planted: a foundation knows a driver. */
final class DrivenCgroup {
    Class<?> driver() {
        return Driver.class;
    }
}
